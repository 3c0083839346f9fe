"""The command line, a file for each command or group of them, which is loaded when it is called."""
