export interface Question {
  readonly message: string
  readonly detail?: string
  readonly buttons: readonly string[]
  /** Which button Enter presses, and which Escape does. */
  readonly yes: number
  readonly no: number
  readonly kind: 'question' | 'warning' | 'error' | 'info'
}

/** What stops everything until a person has answered. */
export interface Dialogs {
  /** Gives the button's index. */
  ask(question: Question): Promise<number>
  /** null: they changed their mind. */
  saveFile(options: { title: string; name: string }): Promise<string | null>
  /** Before `ready` as well. */
  error(title: string, text: string): void
}
