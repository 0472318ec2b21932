@echo off
"%~dp0..\out\node.exe" "%~dp0berth.mjs" %*
