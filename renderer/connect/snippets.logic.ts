import { commandLine } from '../words/command-line.ts'

/** A client of the bridge, and the lines that make it one. */
export interface Snippet {
  readonly id: ClientId
  readonly name: string
  /** Where the text goes. */
  readonly place: string
  readonly text: string
  /** Where its token is to come from; null: it needs none, or has it. */
  readonly needs: 'variable' | 'asks' | null
}

export type ClientId = 'claude' | 'desktop' | 'cursor' | 'vscode' | 'codex' | 'deer-flow' | 'curl'

export interface Berth {
  /** Of the bridge, without a trailing slash. */
  readonly url: string
  /** The words that run `berth` on its machine, and those that mean its home. */
  readonly command: readonly string[]
  readonly home_option: readonly string[]
}

/** Under which name a client's own token is made. */
export const tokenNames: Readonly<Record<ClientId, string>> = {
  claude: 'claude-code',
  desktop: 'claude-desktop',
  cursor: 'cursor',
  vscode: 'vscode',
  codex: 'codex',
  'deer-flow': 'deer-flow',
  curl: 'curl',
}

/**
 * What connects each client, in the form that it reads itself. `token`: one that was just made for it, so that the lines are
 * finished; null: they name the variable BERTH_TOKEN in the client's own way, or the client asks for it.
 */
export function snippetsFor({ url, command, home_option }: Berth, token: string | null = null): readonly Snippet[] {
  const mcp = `${url}/mcp`
  const [program = 'berth', ...words] = [...command, 'mcp', ...home_option]
  const variable = token === null ? 'variable' : null
  return [
    {
      id: 'claude',
      name: 'Claude Code',
      place: 'A shell',
      needs: variable,
      text: ['claude mcp add --transport http berth \\', `  ${mcp} \\`, `  --header "Authorization: Bearer ${token ?? '$BERTH_TOKEN'}"`].join('\n'),
    },
    {
      id: 'desktop',
      name: 'Claude Desktop',
      place: 'claude_desktop_config.json',
      needs: null,
      text: pretty({ mcpServers: { berth: { command: program, args: words } } }),
    },
    {
      id: 'cursor',
      name: 'Cursor',
      place: '~/.cursor/mcp.json',
      needs: variable,
      text: pretty({ mcpServers: { berth: { url: mcp, headers: { Authorization: `Bearer ${token ?? '${env:BERTH_TOKEN}'}` } } } }),
    },
    {
      id: 'vscode',
      name: 'VS Code',
      place: '.vscode/mcp.json',
      needs: token === null ? 'asks' : null,
      text: pretty({
        ...(token === null ? { inputs: [{ type: 'promptString', id: 'berth-token', description: 'A token of Berth', password: true }] } : {}),
        servers: { berth: { type: 'http', url: mcp, headers: { Authorization: `Bearer ${token ?? '${input:berth-token}'}` } } },
      }),
    },
    {
      id: 'codex',
      name: 'Codex',
      place: '~/.codex/config.toml',
      needs: variable,
      // Its own limit for a tool is a minute, which is short for a build.
      text: [
        '[mcp_servers.berth]',
        `url = "${mcp}"`,
        token === null ? 'bearer_token_env_var = "BERTH_TOKEN"' : `http_headers = { "Authorization" = "Bearer ${token}" }`,
        'tool_timeout_sec = 1800',
      ].join('\n'),
    },
    {
      id: 'deer-flow',
      name: 'deer-flow',
      place: 'config.yaml of deer-flow',
      needs: variable,
      text: [
        'sandbox:',
        '  use: deerflow.community.aio_sandbox:AioSandboxProvider',
        `  provisioner_url: ${url}`,
        `  provisioner_api_key: ${token ?? '$BERTH_TOKEN'}`,
      ].join('\n'),
    },
    {
      id: 'curl',
      name: 'curl',
      place: 'A shell',
      needs: variable,
      text: [
        `curl -s ${url}/berth/v1/acquire \\`,
        `  -H "Authorization: Bearer ${token ?? '$BERTH_TOKEN'}" \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"thread":"demo"}'`,
      ].join('\n'),
    },
  ]
}

/** How the variable that the lines name gets a token of the client's own, in a POSIX shell. */
export function exportLine({ command, home_option }: Berth, client: ClientId): string {
  return `export BERTH_TOKEN="$(${commandLine([...command, 'token', 'add', tokenNames[client], ...home_option])})"`
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
