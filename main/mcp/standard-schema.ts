import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server'
import { z } from 'zod'

/**
 * A schema as the SDK wants it for the list of tools. It validates nothing: `callTool` does that, so that what is wrong
 * comes as a tool error with a code and a next step.
 */
export function listed(schema: z.ZodType): StandardSchemaWithJSON<Record<string, unknown>> {
  return {
    '~standard': {
      version: 1,
      vendor: 'berth',
      validate: (value) => ({ value: value as Record<string, unknown> }),
      jsonSchema: {
        input: () => json(schema, 'input'),
        output: () => json(schema, 'output'),
      },
    },
  }
}

function json(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(schema, { io }) as Record<string, unknown>
}
