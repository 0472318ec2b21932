// Runs before the first paint, so that no theme flashes: the chosen theme (none: the system's) and the platform's habits.
;(() => {
  const { dataset } = document.documentElement
  const theme = localStorage.getItem('berth.theme')
  if (theme === 'light' || theme === 'dark') dataset.theme = theme
  const shell = Object.getOwnPropertyDescriptor(window, 'berth') !== undefined
  const mac = /Mac/.test(navigator.platform)
  dataset.platform = shell ? (mac ? 'mac' : 'win') : 'web'
  // A browser gives up what it fetches whenever a network interface comes or goes, as for each container: without its script the page
  // would stay blank. It is loaded again then, three times at most within a minute.
  addEventListener(
    'error',
    ({ target }) => {
      if (!(target instanceof HTMLScriptElement)) return
      const now = Date.now()
      const times = JSON.parse(sessionStorage.getItem('berth.reloads') ?? '[]').filter((at) => now - at < 60_000)
      if (times.length >= 3) return
      sessionStorage.setItem('berth.reloads', JSON.stringify([...times, now]))
      setTimeout(() => location.reload(), 200)
    },
    true,
  )
})()
