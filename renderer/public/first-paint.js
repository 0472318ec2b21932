// Runs before the first paint, so that no theme flashes: the chosen theme (none: the system's) and the platform's habits.
;(() => {
  const { dataset } = document.documentElement
  const theme = localStorage.getItem('berth.theme')
  if (theme === 'light' || theme === 'dark') dataset.theme = theme
  const shell = Object.getOwnPropertyDescriptor(window, 'berth') !== undefined
  const mac = /Mac/.test(navigator.platform)
  dataset.platform = shell ? (mac ? 'mac' : 'win') : 'web'
})()
