/** Words of the Bridge screen. */
export const bridgeWords = {
  title: 'Bridge', listening: 'Listening', here: 'this computer only', openApi: 'OpenAPI', metrics: 'Metrics', copyAddress: 'Copy the address', address: 'Address of the bridge',
  tokens: 'Tokens', newToken: 'New token', name: 'Name', may: 'May use', holds: 'Holds', last: 'Last used', actions: 'Actions', revoke: 'Revoke…', full: 'full', never: 'never',
  any: 'any thread', all: 'all, shutdown too', threads: (prefix: string) => `threads ${prefix}*`, ofUser: (user: string) => `of ${user}`,
  own: 'The home’s token', ownMay: 'everything', copyToken: 'Copy the token', tokenFile: 'in the file',
  hash: 'Only a hash of each is stored: a token is shown once, when it is made. What a revoked one holds runs out by itself.',
  noTokens: 'Only the home’s token so far.', noTokensHow: 'Make one for each agent, so that you see who does what and can end it.',
  connect: 'Connect', client: 'Client', ownToken: 'Put a token of its own in', orVariable: 'or keep one in the environment that the client is started in:', asks: 'or let it ask for one, once.', variable: 'A token of its own, in a shell',
  finished: (name: string) => `These lines have the token of ${name}, which is not shown again. Berth keeps only its hash.`, needsNone: 'It starts the command itself, so it needs no token.',
  sessions: 'Browsers', sessionsNone: 'No browser is logged in.', thisOne: 'this one', endOwn: { title: 'Log this browser out?', about: 'It is the one that you are looking at. To come back you need a new login link: berth open.', keep: 'Stay', end: 'Log out' }, connected: 'open now', seen: (ago: string) => `seen ${ago} ago`, end: 'Log out', link: 'New login link', linkAbout: 'It logs one browser in, once, within 5 minutes.',
  calls: 'Recent calls', show: 'Show', allCalls: 'All', refused: 'Refused', slow: 'Slow', when: 'When', token: 'Token', call: 'Call', way: 'By', thread: 'Thread', status: 'Status', took: 'Took', ok: 'ok',
  summary: (count: string, half: string | null) => (half === null ? `${count} in the last hour` : `${count} in the last hour, half of them under ${half}`),
  noCalls: 'No calls yet.', noCallsHow: 'What agents ask for appears here as it happens.', noMatch: 'None of these.',
  create: {
    title: 'New token', about: 'For one agent or program. It is shown once.', name: 'Name', scope: 'May', agent: 'Work with sandboxes', operator: 'Everything, shutdown too', prefix: 'Threads', prefixHint: 'Only threads that begin so; empty: any.',
    user: 'User', userHint: 'Only this user’s threads; empty: any.', make: 'Make token', cancel: 'Cancel', wrong: '1 to 64 of A-Z a-z 0-9 _ -',
    made: (name: string) => `The token of ${name}`, once: 'Copy it now: it is not shown again. Berth keeps only its hash.', done: 'Done',
  },
  revokeAsk: { title: (name: string) => `Revoke the token of ${name}?`, about: 'Its calls are refused from now on, and what runs for it ends.', keep: 'Keep', revoke: 'Revoke' },
  linkTitle: 'Login link', close: 'Close',
} as const
