# Puts "Clean with metascrub" into the Send to menu and an icon to drop files on onto the desktop, for this user only.
#
#   powershell -ExecutionPolicy Bypass -File install.ps1 [-NoIcon]     run it again after updating: the result is the same
#   powershell -ExecutionPolicy Bypass -File install.ps1 -Uninstall    takes away what this put there and nothing else
#   -SelfTest checks metascrub-drop.ps1 before anything is installed
param([switch] $Uninstall, [switch] $NoIcon, [switch] $SelfTest)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

if ($SelfTest) { & (Join-Path $PSScriptRoot 'metascrub-drop.ps1') -SelfTest; exit $LASTEXITCODE }

$folder = Join-Path $env:LOCALAPPDATA 'metascrub-drop'
$script = Join-Path $folder 'metascrub-drop.ps1'
$shell = New-Object -ComObject WScript.Shell
$links = @(
    (Join-Path ([Environment]::GetFolderPath('SendTo')) 'Clean with metascrub.lnk'),
    (Join-Path ([Environment]::GetFolderPath('Desktop')) 'Clean with metascrub.lnk')
)

function Test-Ours([string] $Link) { # a shortcut of ours names our script
    (Test-Path -LiteralPath $Link) -and $shell.CreateShortcut($Link).Arguments.Contains('metascrub-drop.ps1')
}

foreach ($link in $links) { if (Test-Ours $link) { Remove-Item -LiteralPath $link } }
if ($Uninstall) {
    foreach ($name in 'metascrub-drop.ps1', 'metascrub-drop.cmd') {
        $file = Join-Path $folder $name
        if (Test-Path -LiteralPath $file) { Remove-Item -LiteralPath $file }
    }
    if ((Test-Path -LiteralPath $folder) -and -not (Get-ChildItem -LiteralPath $folder -Force)) { Remove-Item -LiteralPath $folder }
    Write-Output 'Removed. The program metascrub itself, and your files, are as they were.'
    exit 0
}

[void] (New-Item -ItemType Directory -Force -Path $folder)
foreach ($name in 'metascrub-drop.ps1', 'metascrub-drop.cmd') {
    Copy-Item -LiteralPath (Join-Path $PSScriptRoot $name) -Destination $folder -Force
}
if ($NoIcon) { $links = @($links[0]) }
foreach ($link in $links) {
    if (Test-Path -LiteralPath $link) { Write-Warning "left alone, it is not ours: $link"; continue }
    $shortcut = $shell.CreateShortcut($link)
    $shortcut.TargetPath = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
    $shortcut.Arguments = "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File `"$script`""
    $shortcut.WindowStyle = 7
    $shortcut.Description = 'Drop files here: clean copies appear beside them'
    $shortcut.Save()
}
Write-Output 'Installed for this user. Right-click files, Send to, Clean with metascrub; or drop them on the icon on the desktop.'
