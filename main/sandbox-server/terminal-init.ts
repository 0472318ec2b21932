import { quote } from './quote.ts'

/**
 * What a person's terminal has beside its bash: a prompt that says which thread it is, in colours, and listings in them.
 * Evaluated once, by the first PROMPT_COMMAND, after whatever the image and the user's own .bashrc set up: a prompt of
 * theirs stays.
 */
export function terminalInit(term: string, thread: string): Record<string, string> {
  if (term === 'dumb') return { TERM: term }
  const prompt = String.raw`\[\e[1;32m\]${plain(thread) || String.raw`\u`}\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ `
  const init = [
    'unset PROMPT_COMMAND',
    String.raw`case "$PS1" in '\s-\v\$ '|'\h:\w\$ '|'\u@\h:\w\$ '|*debian_chroot*'\u@\h:\w\$ ') PS1=${quote(prompt)} ;; esac`,
    "for __each in ls grep; do alias $__each >/dev/null 2>&1 || alias $__each=\"$__each --color=auto\"; done; unset __each",
  ]
  return { TERM: term, COLORTERM: 'truecolor', PROMPT_COMMAND: init.join('\n') }
}

/** A name as text of a prompt: nothing that bash would expand, nothing that moves the cursor. */
function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._:@/+ -]/gu, '').slice(0, 60)
}
