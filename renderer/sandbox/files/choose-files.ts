/** The browser's (in the shell: the system's) own dialog. Empty: they changed their mind. */
export function chooseFiles(document: Document): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.multiple = true
    input.addEventListener('change', () => resolve([...input.files ?? []]), { once: true })
    input.addEventListener('cancel', () => resolve([]), { once: true })
    input.click()
  })
}
