/** Nothing has it that a person chose: the page itself, or the screen's region, which takes it after a change of screens. */
export function focusIsNowhere({ activeElement, body }: Document): boolean {
  return activeElement === null || activeElement === body || activeElement.id === 'main'
}

/**
 * A browser lets the focus fall to nowhere when the element that has it is taken away: the next Tab begins at the top of the page. Here
 * it goes to the nearest of what was around it that is still there and can have it, at last to the screen's own region. Whoever
 * knows a better place (a row's neighbour, what opened a dialog) has moved it there before this looks.
 */
export function keepFocus(document: Document): () => void {
  let around: readonly HTMLElement[] = []
  let looking: ReturnType<typeof setTimeout> | undefined

  function focused({ target }: FocusEvent): void {
    const found: HTMLElement[] = []
    for (let one = target instanceof HTMLElement ? target : null; one !== null; one = one.parentElement) found.push(one)
    around = found
  }

  function look(): void {
    looking = undefined
    const [last] = around
    if (last === undefined || last.isConnected || document.activeElement !== document.body) return
    const next = around.find((one) => one.isConnected && one.hasAttribute('tabindex')) ?? document.getElementById('main')
    around = []
    next?.focus({ preventScroll: true })
  }

  const removed = new MutationObserver(() => {
    if (looking !== undefined || around[0]?.isConnected !== false) return
    looking = setTimeout(look)
  })
  document.addEventListener('focusin', focused)
  removed.observe(document.body, { childList: true, subtree: true })
  return () => {
    document.removeEventListener('focusin', focused)
    removed.disconnect()
    clearTimeout(looking)
  }
}
