/** What the engine tells whoever runs it; `cause` may be anything that was thrown. Never gets a secret. */
export type Log = (level: 'info' | 'warn' | 'error', text: string, cause?: unknown) => void
