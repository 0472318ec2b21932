/** Shorter ones would tear holes into every text; `describeConfig` leaves them out by key instead. */
const shortest = 6
const hole = '[secret]'

/** Replaces every secret in a text, also in the forms that JSON and URLs give it. */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < shortest) continue
    forms.add(secret)
    forms.add(JSON.stringify(secret).slice(1, -1))
    forms.add(encodeURIComponent(secret.toWellFormed()))
  }
  // Longest first: a secret that contains another must not be left in halves.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return ordered.reduce((done, form) => done.replaceAll(form, hole), text)
}

/** Whether a variable's name says that its value is one nobody should read. */
export function secretName(name: string): boolean {
  return /KEY|SECRET|TOKEN|PASS|PWD|CREDENTIAL|DSN|AUTH|COOKIE|_PAT$|_URL$|_URI$/i.test(name)
}
