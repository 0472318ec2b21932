/**
 * What makes a bash do one command after another and say when each has begun and ended.
 *
 * Commands do not come in by the terminal, where quotes left open, a heredoc or a program that reads would swallow
 * what follows; they come by a descriptor of their own, as records that end with NUL, and are given to `eval`, at top
 * level, so that `cd`, `export` and `declare` last. The loop is run as PROMPT_COMMAND of an interactive bash: that has
 * job control, ignores SIGTERM, and at SIGINT throws whatever runs away and runs PROMPT_COMMAND, this loop, again.
 *
 * A record is `<nonce>C<id>:<command>`; `<nonce>F<id>:<file>` for a long command, as bash reads a descriptor that is no
 * file byte by byte; or `<nonce>P<number>:`, which asks for one more round. What does not begin with the nonce is the
 * rest of a record whose beginning an interrupt threw away, and is left out.
 *
 * At the head of each round, that is at the start, after a command, after `continue`, after an interrupt and when it is
 * asked for, there is a report `E <round> <id> <number> <status> <pid> <cwd>` NUL on descriptor 199, with the last
 * command that was taken and the last number that was asked for, and the marker `E<round>` in the output, which says
 * that all output up to there has been seen. The marker `B<id>` stands before the first output of a command. Both name
 * what they mean, so that it does not matter how late one comes. `break` leaves the loop: then the prompt itself, shown
 * when bash is about to read the terminal, reports `R`, and the server types the loop in again.
 *
 * While a command runs these descriptors are closed for it, so that nothing that it starts, or does with
 * `exec 198>&-`, touches them. `$?` is put back, except under `set -e`, where a status that is not 0 would end bash.
 * What the loop itself does is not shown under `set -x`. Ctrl-S does not stop the terminal: nobody would start it again.
 */
export function shellInit(nonce: string, rc: boolean): string {
  const mark = `\\036${nonce}`
  return [
    'unset BERTH_SHELL_INIT PS1; export -n PROMPT_COMMAND',
    'stty -echo -onlcr -ixon cols 200 rows 50 2>/dev/null',
    'exec 197>&1 198<&3 199>&4 3<&- 4>&- 2>&1',
    rc ? '[ -r ~/.bashrc ] && . ~/.bashrc >/dev/null 2>&1' : '',
    'unset HISTFILE; set +o history +H; jobs >/dev/null',
    '__berth_r() { return "$1"; }',
    '__berth_n=0 __berth_k=0 __berth_p=0 __berth_c=',
    '__berth_next() {',
    'while :; do',
    '__berth_n=$((__berth_n + 1))',
    'builtin printf "E %s %s %s %s %s %s\\0" "$__berth_n" "$__berth_k" "$__berth_p" "$__berth_s" "$$" "$PWD" >&199',
    `builtin printf "${mark}E%s\\036" "$__berth_n" >&197`,
    'IFS= builtin read -r -d "" -u 198 __berth_c || return 1',
    `__berth_h=\${__berth_c%%:*}; __berth_h=\${__berth_h#${nonce}}; __berth_i=\${__berth_h#?}`,
    'case $__berth_c in',
    `${nonce}C*) __berth_c=\${__berth_c#*:} ;;`,
    // The file ends with NUL: `read` fails where that has not come.
    `${nonce}F*) IFS= builtin read -r -d "" __berth_c <"\${__berth_c#*:}" ||`,
    '  __berth_c="builtin echo \\"berth: the command did not reach its shell\\" >&2; __berth_r 126" ;;',
    `${nonce}P*) __berth_p=$__berth_i; continue ;;`,
    '*) continue ;;',
    'esac',
    '__berth_k=$__berth_i',
    // For who has said `set -a`.
    'builtin export -n __berth_n __berth_k __berth_p __berth_s __berth_c __berth_h __berth_i',
    `builtin printf "${mark}B%s\\036" "$__berth_k" >&197`,
    'return 0; done; }',
    "__berth_loop='while { __berth_s=$?; __berth_next; } 2>/dev/null",
    'do { [[ $- == *e* ]] || __berth_r "$__berth_s"; } 2>/dev/null',
    `eval "$__berth_c" 197>&- 198<&- 199>&-; done'`,
    `PS1='$(printf "R\\0" >&199)'; PS2=; PROMPT_COMMAND=$__berth_loop`,
    'true; eval "$__berth_loop"',
  ].join('\n')
}

/** Typed when the loop has been left. */
export const loopAgain = ' eval "$__berth_loop"\n'
