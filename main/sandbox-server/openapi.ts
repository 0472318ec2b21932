import type { Route } from './router.ts'

/** What is served here, for tools that ask: paths and summaries; the bodies are those of the AIO sandbox's own document. */
export function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const name = route.path.includes('sessions/{}') ? '{session_id}' : '{id}'
    const path = route.path.replace('{}', name)
    const parameters = route.path.includes('{}') ? [{ name: name.slice(1, -1), in: 'path', required: true, schema: { type: 'string' } }] : []
    const body = route.method === 'POST'
      ? { requestBody: { content: { [route.path.endsWith('/upload') ? 'multipart/form-data' : 'application/json']: { schema: { type: 'object' } } } } }
      : {}
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: {
        operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-zA-Z0-9]+/g, '_')}`,
        summary: route.summary,
        parameters,
        ...body,
        responses: { 200: { description: 'Successful Response' }, 422: { description: 'Validation Error' } },
      },
    }
  }
  return { openapi: '3.1.0', info: { title: 'Berth lite sandbox', version }, paths }
}
