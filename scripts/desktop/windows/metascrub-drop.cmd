@echo off
rem Drop files or folders on this file; it needs metascrub-drop.ps1 beside it. For many files at once use the icon or
rem the Send to entry of install.ps1: cmd.exe takes no more than about 8000 characters of names.
rem
rem The names are not read from %*: cmd.exe would take them apart at an ampersand. The whole command line goes into a
rem variable, unread, and PowerShell takes it from there. --self-test needs no desktop.
setlocal EnableExtensions DisableDelayedExpansion
set "here=%~dp0"
if "%~1"=="--self-test" goto test
setlocal EnableDelayedExpansion
set "METASCRUB_DROP_LINE=!cmdcmdline!"
powershell.exe -NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File "!here!metascrub-drop.ps1"
rem Without this exit cmd.exe would go on to run what stands behind an ampersand in a name.
exit
:test
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%here%metascrub-drop.ps1" -SelfTest
exit /b %ERRORLEVEL%
