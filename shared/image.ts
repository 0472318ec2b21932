import { z } from 'zod'
import { imageLayer, progress } from './sandbox.ts'

/** The image that sandboxes are made of, and how far it is. */
export const imageState = z.object({
  name: z.string(),
  present: z.boolean(),
  progress: progress.nullable(),
  layers: z.array(imageLayer).describe('While pulling; empty otherwise.'),
  since: z.iso.datetime().nullable().describe('When the work on it began; null: nothing is being done.'),
  problem: z.string().nullable().describe('Why the last try failed.'),
})
export type ImageState = z.infer<typeof imageState>

/** An image on the container engine that Berth uses or made. */
export const imageRow = z.object({
  id: z.string(),
  names: z.array(z.string()),
  bytes: z.number().int(),
  created_at: z.iso.datetime(),
  current: z.boolean().describe('It is what new sandboxes are made of.'),
  used_by: z.array(z.string()).describe('Ids of sandboxes made of it.'),
})
export type ImageRow = z.infer<typeof imageRow>
