/** Words of the Settings screen. */
export const settingsWords = {
  title: 'Settings', edits: 'Edits are written to', stay: 'its comments stay.', find: 'Find a setting', openFile: 'Show the file', copyPath: 'Copy its path', setting: 'Setting', value: 'Value', what: 'What it does',
  default: 'Default', source: 'Set in', sections: 'Settings', fromDefault: 'default', fromEnvironment: 'environment', putBack: 'Use default',
  error: 'The file has an error.', errorWhy: 'Berth runs with the last values that were right.', restart: 'It takes effect when Berth starts again.', notSet: 'not set', inForce: (value: string) => `${value} in force`, saved: 'Saved', nothing: 'none',
  fileOnly: 'edit in the file', noMatch: 'Nothing matches.', copied: (path: string) => `${path} copied`,
  app: {
    title: 'This app', theme: 'Appearance', system: 'System', light: 'Light', dark: 'Dark', login: 'Start at login', command: 'The berth command', install: 'Install', installed: (path: string) => `Installed: ${path}`,
    version: 'Version', doctor: 'Check this computer', run: 'Run doctor', report: 'Report a problem', diagnostics: 'Export diagnostics…', releases: 'Releases are on the project’s page; Berth looks for none by itself.',
  },
  diagnostics: { title: 'Diagnostics', about: 'Read it before you send it: nothing secret should be in it.', save: 'Save', close: 'Close', making: 'Gathering' },
  doctor: { title: 'Doctor', close: 'Close', running: 'Measuring' },
} as const
