/** A client of the bridge, and the lines that make it one. No token is in any of them: it is in the client's environment. */
export interface Snippet {
  readonly id: 'claude' | 'mcp' | 'deer-flow' | 'curl'
  readonly name: string
  /** Where the text goes. */
  readonly place: string
  readonly text: string
}

/** What connects each kind of client to the bridge at `url` (without a trailing slash). */
export function snippetsFor(url: string): readonly Snippet[] {
  return [
    {
      id: 'claude',
      name: 'Claude Code',
      place: 'A shell',
      text: [
        'claude mcp add --transport http berth \\',
        `  ${url}/mcp \\`,
        '  --header "Authorization: Bearer $BERTH_TOKEN"',
      ].join('\n'),
    },
    {
      id: 'mcp',
      name: 'MCP',
      place: "The client's MCP settings",
      text: [
        '{ "mcpServers": { "berth": {',
        '    "type": "http",',
        `    "url": "${url}/mcp",`,
        '    "headers": { "Authorization": "Bearer ${BERTH_TOKEN}" }',
        '} } }',
      ].join('\n'),
    },
    {
      id: 'deer-flow',
      name: 'deer-flow',
      place: 'config.yaml of deer-flow',
      text: [
        'sandbox:',
        '  use: deerflow.community.aio_sandbox:AioSandboxProvider',
        `  provisioner_url: ${url}`,
        '  provisioner_api_key: $BERTH_TOKEN',
      ].join('\n'),
    },
    {
      id: 'curl',
      name: 'curl',
      place: 'A shell',
      text: [
        `curl -s ${url}/berth/v1/acquire \\`,
        '  -H "Authorization: Bearer $BERTH_TOKEN" \\',
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"thread":"demo"}'`,
      ].join('\n'),
    },
  ]
}

/** How the variable that the snippets name gets its value, in a POSIX shell. */
export function exportLine(tokenFile: string): string {
  return `export BERTH_TOKEN="$(cat ${/^[\w./~+-]+$/.test(tokenFile) ? tokenFile : `'${tokenFile.replaceAll("'", `'\\''`)}'`})"`
}
