# Cleans what was dropped on it and tells the outcome in plain words. Windows PowerShell 5.1 or later.
#
#   metascrub-drop.ps1 FILES-OR-FOLDERS...    from the Send to menu or an icon (install.ps1), or from metascrub-drop.cmd
#   metascrub-drop.ps1 -SelfTest              needs no desktop and no metascrub
#
# The work is done by metascrub.exe, which writes NAME.clean.EXT beside each file and never changes the file itself.
# There is no param() block on purpose: a file named "-x" must stay a name. $env:METASCRUB names another program.

Set-StrictMode -Version 2
$Given = @($args)

function Find-Program {
    if ($env:METASCRUB) { return $env:METASCRUB }
    $found = Get-Command -Name 'metascrub' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if ($found) { return $found.Path }
    foreach ($place in @((Join-Path $PSScriptRoot 'metascrub.exe'), (Join-Path $HOME '.cargo\bin\metascrub.exe'))) {
        if (Test-Path -LiteralPath $place) { return $place }
    }
    return $null
}

# metascrub-drop.cmd hands over its whole command line, since cmd.exe takes names with & or ^ apart. The first two
# words are cmd.exe and the script; Explorer puts names with spaces in quotes, and no name can hold a quote.
function Split-CommandLine([string] $Line) {
    $name = 'metascrub-drop.cmd'
    $at = $Line.IndexOf($name, [StringComparison]::OrdinalIgnoreCase)
    if ($at -lt 0) { return @() }
    $rest = $Line.Substring($at + $name.Length).TrimStart('"')
    # cmd /c "..." puts one pair of quotes around everything
    if ([regex]::Matches($rest, '"').Count % 2) { $rest = $rest.Remove($rest.LastIndexOf('"'), 1) }
    return @([regex]::Matches($rest, '"([^"]*)"|(\S+)') | ForEach-Object { $_.Value.Trim('"') })
}

function Get-Why($Reason) {
    if (-not $Reason) { return ': metascrub did not say why' }
    $message = ([string] $Reason.message) -replace ' \(os error [0-9]+\)', ''
    if ($Reason.PSObject.Properties['advice'] -and $Reason.advice -and $Reason.advice -notmatch '--') { $message += '; ' + $Reason.advice }
    switch ([string] $Reason.code) {
        'encrypted' { return ' is locked with a password; remove the password first' }
        'exists' { return ' has a clean copy already, which was left as it is; move or delete that copy to make a new one' }
        'unknown-type' { return ' is of a type that metascrub does not know' }
        'signed' { return ' carries a digital signature that cleaning would break' }
        'drm' { return ' is copy-protected' }
        'multi-volume' { return ' is one part of several; join the parts first' }
        'malformed' { return " is damaged, or not what its name says: $message" }
        'unsupported' { return " cannot be cleaned yet: $message" }
        'unknown-member' { return " has a file of unknown type inside: $message" }
        'limit' { return " is beyond a limit: $message" }
        default { return ": $message" }
    }
}

# JSON lines and the exit status in; what to say out. Good needs no answer, the rest should be read.
function Get-Outcome([string[]] $Lines, [int] $Status) {
    $cleaned = 0; $already = 0; $bad = @(); $notes = @(); $copy = ''; $elsewhere = $false
    foreach ($line in $Lines) {
        if ($line -notmatch '^\s*\{') { continue }
        try { $file = $line | ConvertFrom-Json } catch { continue }
        if (-not $file.PSObject.Properties['status']) { continue }
        $name = [IO.Path]::GetFileName(([string] $file.path).TrimEnd('\', '/'))
        if ('cleaned', 'already-clean' -contains $file.status) {
            if ($file.status -eq 'cleaned') { $cleaned++ } else { $already++ }
            $copy = [IO.Path]::GetFileName([string] $file.output)
            if ([IO.Path]::GetDirectoryName([string] $file.output) -ne [IO.Path]::GetDirectoryName([string] $file.path)) { $elsewhere = $true }
            if ($file.PSObject.Properties['warnings']) { foreach ($warning in @($file.warnings)) { if ($warning) { $notes += "${name}: $warning" } } }
        }
        else { $bad += $name + (Get-Why $file.reason) }
    }
    $well = $cleaned + $already
    $files = { param($n) if ($n -eq 1) { '1 file' } else { "$n files" } }
    $list = { param($items, $most)
        $text = (@($items | Select-Object -First $most) | ForEach-Object { "`n- $_." }) -join ''
        if (@($items).Count -gt $most) { $text += "`n... and $(@($items).Count - $most) more." }
        $text }
    $said = @()
    if ($cleaned) { $said += (& $files $cleaned) + ' cleaned.' }
    if ($already) { $said += $(if ($cleaned) { "$already" } else { & $files $already }) + ' had nothing to remove.' }
    if ($bad.Count -eq 1 -and -not $well) { $said += $bad[0] + '. It was not cleaned, and not changed.' }
    elseif ($bad.Count -eq 1) { $said += '1 was not cleaned: ' + $bad[0] + '.' }
    elseif ($bad.Count) { $said += $(if ($well) { "$($bad.Count)" } else { & $files $bad.Count }) + ' were not cleaned:' + (& $list $bad 8) }
    $text = $said -join ' '
    if ($notes.Count) { $text += "`nPlease check:" + (& $list $notes 4) }
    if ($elsewhere) { $text += "`nThe copies to share are in the folder with `".clean`" in its name, beside the original folder." }
    elseif ($well -eq 1) { $text += "`nThe copy to share is $copy, beside the original." }
    elseif ($well) { $text += "`nThe copies to share have `".clean`" in their names, beside the originals." }
    $stopped = $Status -lt 0 -or $Status -eq 2 -or $Status -gt 3 -or ($Status -ne 0 -and -not $bad.Count)
    if ($stopped) { $text += "`nmetascrub stopped before it was done (status $Status). Your own files were not changed." }
    elseif (-not $well -and -not $bad.Count) { $text = 'metascrub finished without saying what it did. Check whether the clean copies are there.' }
    return @{ Good = -not ($bad.Count -or $notes.Count -or $stopped -or -not $well); Text = $text.Trim() }
}

# A balloon in the notification area when all went well, else a box that waits; a line of text where there is no desktop.
function Show-Outcome($Outcome) {
    try {
        Add-Type -AssemblyName System.Windows.Forms -ErrorAction Stop
        Add-Type -AssemblyName System.Drawing -ErrorAction Stop
        if ($Outcome.Good) {
            $icon = New-Object System.Windows.Forms.NotifyIcon
            $icon.Icon = [System.Drawing.SystemIcons]::Information
            $icon.Visible = $true
            $icon.ShowBalloonTip(6000, 'metascrub', $Outcome.Text, 'Info')
            Start-Sleep -Seconds 6
            $icon.Dispose()
        }
        else { [void] [System.Windows.Forms.MessageBox]::Show($Outcome.Text, 'metascrub', 'OK', 'Warning') }
    }
    catch { Write-Output $Outcome.Text }
}

function Invoke-Clean([string[]] $Paths) {
    if (-not $Paths -or -not $Paths.Count) {
        return @{ Good = $false; Text = 'No files were chosen. Drop files or folders on the metascrub icon, or right-click them and choose Send to, Clean with metascrub.' }
    }
    $program = Find-Program
    if (-not $program -or -not (Get-Command -Name $program -ErrorAction SilentlyContinue)) {
        return @{ Good = $false; Text = 'The program metascrub was not found, so nothing was cleaned. Install it, then try again.' }
    }
    try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { Write-Verbose 'no console' }
    $lines = @(& $program --format jsonl --values none --progress never '--' @Paths 2>$null)
    return Get-Outcome $lines $LASTEXITCODE
}

function Test-Self {
    $script:failed = 0
    $check = { param($what, $expected, $found)
        if ($expected -cne $found) { $script:failed++; Write-Output "FAILED: $what`n  expected: $expected`n  found:    $found" } }
    $good = '{"schema":1,"path":"C:\\my photos\\it''s $(calc) 100% {name}.jpg","output":"C:\\my photos\\it''s $(calc) 100% {name}.clean.jpg","status":"cleaned","reason":null,"findings":[{"value":"\",\"status\":\"refused\""}],"warnings":[]}'
    $locked = '{"schema":1,"path":"C:\\my photos\\contract.pdf","output":null,"status":"refused","reason":{"code":"encrypted","message":"m","advice":"a"},"findings":[],"warnings":[]}'
    $torn = '{"schema":1,"path":"C:\\a\\torn.jpg","output":null,"status":"refused","reason":{"code":"malformed","message":"the scan ends early","advice":"use --force"},"findings":[],"warnings":[]}'
    & $check 'one file' "1 file cleaned.`nThe copy to share is it's `$(calc) 100% {name}.clean.jpg, beside the original." (Get-Outcome @($good) 0).Text
    & $check 'one refused of four' "3 files cleaned. 1 was not cleaned: contract.pdf is locked with a password; remove the password first.`nThe copies to share have `".clean`" in their names, beside the originals." (Get-Outcome @($good, $good, $locked, $good) 1).Text
    & $check 'only refused' 'contract.pdf is locked with a password; remove the password first. It was not cleaned, and not changed.' (Get-Outcome @($locked) 1).Text
    & $check 'several refused' "2 files were not cleaned:`n- contract.pdf is locked with a password; remove the password first.`n- torn.jpg is damaged, or not what its name says: the scan ends early." (Get-Outcome @($locked, $torn) 1).Text
    & $check 'a crash' 'metascrub stopped before it was done (status -1073741819). Your own files were not changed.' (Get-Outcome @() -1073741819).Text
    & $check 'success is never assumed' $false (Get-Outcome @() 0).Good
    & $check 'all well needs no answer' $true (Get-Outcome @($good) 0).Good
    $env:METASCRUB = 'no-such-program-here'
    & $check 'missing program' 'The program metascrub was not found, so nothing was cleaned. Install it, then try again.' (Invoke-Clean @('a.jpg')).Text
    & $check 'the line of cmd.exe' 'C:\a&b^.jpg|C:\two words\100% it''s !x!.jpg|C:\-x.jpg' ((Split-CommandLine 'C:\Windows\system32\cmd.exe /c ""D:\my tools\metascrub-drop.cmd" C:\a&b^.jpg "C:\two words\100% it''s !x!.jpg" C:\-x.jpg"') -join '|')
    & $check 'the line of cmd.exe, quoted at the end' 'C:\b c.jpg|C:\d & e.jpg' ((Split-CommandLine 'cmd /c ""C:\Metascrub-Drop.cmd" "C:\b c.jpg" "C:\d & e.jpg""') -join '|')
    & $check 'the line of cmd.exe, no names' 0 (@(Split-CommandLine 'cmd.exe').Count)
    if ($script:failed) { Write-Output "metascrub-drop.ps1: $($script:failed) checks failed"; exit 1 }
    Write-Output 'metascrub-drop.ps1: all well'
    exit 0
}

if ($Given.Count -eq 1 -and $Given[0] -ceq '-SelfTest') { Test-Self }
if ($env:METASCRUB_DROP_LINE) { $Given = @(Split-CommandLine $env:METASCRUB_DROP_LINE) }
Show-Outcome (Invoke-Clean $Given)
