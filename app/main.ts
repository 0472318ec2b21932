import { startShell } from './boot/start-shell.ts'
import { electronSystem } from './electron/system.ts'

// The entry acts, and nothing else does. Not awaited: `ready` comes only after this module has ended.
startShell({
  system: electronSystem(),
  env: process.env,
  here: import.meta.dirname,
  resourcesPath: process.resourcesPath,
  execPath: process.execPath,
  argv: process.argv,
})
