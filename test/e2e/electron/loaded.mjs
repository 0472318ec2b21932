/**
 * The page once its document is there. A window is given as soon as it exists: on a busy machine its page is then still the
 * empty one that every window begins with, or has no body yet. That one is left while this waits, so what is asked must bear it.
 */
export async function loaded(page) {
  await page.waitForFunction(() => location.protocol === 'app:' && document.readyState !== 'loading')
  return page
}
