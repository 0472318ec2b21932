import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { calls } from '../../../shared/contract.ts'
import { openTestBridge, type TestBridge } from '../../support/bridge.ts'

let house: TestBridge
beforeAll(async () => {
  house = await openTestBridge()
})
afterAll(async () => await house.close())

interface Operation {
  operationId: string
  responses: Record<string, { description: string }>
  parameters?: { name: string; schema: object }[]
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}

async function fetchDocument(path: string): Promise<Document> {
  return (await (await fetch(house.bridge.url + path)).json()) as Document
}

it('is OpenAPI 3.1 to an independent validator', async () => {
  const result = await new Validator().validate({ ...(await fetchDocument('/openapi.json')) })
  expect(result.errors ?? []).toEqual([])
  expect(result.valid).toBe(true)
})

it('is the same at both addresses', async () => {
  expect(await fetchDocument('/openapi.json')).toEqual(await fetchDocument('/berth/v1/openapi.json'))
})

it('has every call, with the codes it may fail with, and no operation id twice', async () => {
  const document = await fetchDocument('/openapi.json')
  for (const [name, row] of Object.entries(calls)) {
    const item = document.paths[`/berth/v1/${name}`]
    expect(Object.keys(item ?? {}), name).toEqual(row.kind === 'read' ? ['get', 'post'] : ['post'])
    const described = Object.values(item?.['post']?.responses ?? {})
      .map((it) => it.description)
      .join(', ')
    for (const code of row.errors) expect(described, name).toContain(code)
  }
  const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((it) => it.operationId))
  expect(new Set(ids).size).toBe(ids.length)
})

it('does not demand what has a default', async () => {
  const document = await fetchDocument('/openapi.json')
  const body = JSON.stringify(document.paths['/berth/v1/acquire']?.['post'])
  expect(body).not.toContain('"required":["thread"')
  expect(document.paths['/berth/v1/logs']?.['get']?.parameters?.map((it) => it.name)).toEqual(['id', 'thread', 'user', 'tail', 'follow'])
})
