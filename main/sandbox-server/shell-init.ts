/**
 * What makes a bash do one command after another and say when each has ended.
 *
 * Commands do not come in by the terminal, where quotes left open, a heredoc or a program that reads would swallow
 * what follows; they come by a descriptor of their own, each ended by NUL, and are given to `eval`, at top level, so
 * that `cd`, `export` and `declare` last. The loop is run as PROMPT_COMMAND of an interactive bash: that has job
 * control, ignores SIGTERM, and at SIGINT throws whatever runs away and runs PROMPT_COMMAND, this loop, again.
 *
 * At the head of each round, that is at the start, after a command, after `continue` and after an interrupt, there is
 * a report `E <status> <pid> <cwd>` NUL on descriptor 199 and the marker in the output, which says that all output
 * up to there has been seen. `break` leaves the loop: then the prompt itself, shown when bash is about to read the
 * terminal, reports `R`, and the server types the loop in again.
 *
 * While a command runs these descriptors are closed for it, so that nothing that it starts, or does with
 * `exec 198>&-`, touches them. `$?` is put back, except under `set -e`, where a status that is not 0 would end bash.
 * What the loop itself does is not shown under `set -x`.
 */
export function shellInit(marker: string, rc: boolean): string {
  const escaped = [...Buffer.from(marker)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  const loop = [
    'while { __berth_s=$?',
    `printf "E %s %s %s\\0" "$__berth_s" "$$" "$PWD" >&199; printf "${escaped}" >&197`,
    'IFS= read -r -d "" -u 198 __berth_c; } 2>/dev/null',
    'do { [[ $- == *e* ]] || __berth_r "$__berth_s"; } 2>/dev/null',
    'eval "$__berth_c" 197>&- 198<&- 199>&-; done',
  ].join('\n')
  return [
    'unset BERTH_SHELL_INIT PS1; export -n PROMPT_COMMAND',
    'stty -echo -onlcr cols 200 rows 50 2>/dev/null',
    'exec 197>&1 198<&3 199>&4 3<&- 4>&- 2>&1',
    rc ? '[ -r ~/.bashrc ] && . ~/.bashrc >/dev/null 2>&1' : '',
    'unset HISTFILE; set +o history +H; jobs >/dev/null',
    '__berth_r() { return "$1"; }',
    `__berth_loop='${loop}'`,
    `PS1='$(printf "R\\0" >&199)'; PS2=; PROMPT_COMMAND=$__berth_loop`,
    'true; eval "$__berth_loop"',
  ].join('\n')
}

/** Typed when the loop has been left. */
export const loopAgain = ' eval "$__berth_loop"\n'
