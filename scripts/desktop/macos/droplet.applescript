-- The droplet: an icon for the Dock or the desktop that files are dropped on. install.sh compiles it with osacompile.
on open theItems
	set theCommand to quoted form of (POSIX path of (path to application support folder from user domain) & "metascrub/metascrub-drop") & " --"
	repeat with theItem in theItems
		set theCommand to theCommand & " " & quoted form of POSIX path of theItem
	end repeat
	try
		do shell script theCommand
	end try -- what went wrong has been told by metascrub-drop
end open

on run
	display dialog "Drop files or folders on this icon. Clean copies appear beside them." with title "metascrub" buttons {"OK"} default button 1
end run
