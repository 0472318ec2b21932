import type { z } from 'zod'
import { houseTopics } from './topics/house-topics.ts'
import { sandboxTopics } from './topics/sandbox-topics.ts'

/** Every topic there is. */
export const topics = { ...houseTopics, ...sandboxTopics }

export type TopicName = keyof typeof topics
export type TopicParams<T extends TopicName> = z.input<(typeof topics)[T]['params']>
export type TopicArgs<T extends TopicName> = z.output<(typeof topics)[T]['params']>
export type TopicEvent<T extends TopicName> = z.output<(typeof topics)[T]['event']>
export type TopicUp<T extends TopicName> = z.output<(typeof topics)[T]['up']>
