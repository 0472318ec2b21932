import { expect, it } from 'vitest'
import { createCommands, runWhenThere } from '../../../renderer/commands/command.ts'

it('a command that menu or tray sends runs now, or once its screen is there, and not much later', () => {
  const commands = createCommands()
  let time = 0
  const ran: string[] = []
  const command = (id: string) => ({ id, title: id, run: () => void ran.push(id) })
  commands.add(command('go-bridge'))
  runWhenThere(commands, 'go-bridge', () => time)
  runWhenThere(commands, 'new-sandbox', () => time)
  runWhenThere(commands, 'release', () => time)
  commands.add(command('filter'))
  expect(ran).toEqual(['go-bridge'])
  const takeAway = commands.add(command('new-sandbox'))
  expect(ran).toEqual(['go-bridge', 'new-sandbox'])
  takeAway()
  commands.add(command('new-sandbox'))
  time = 6000
  commands.add(command('release'))
  expect(ran).toEqual(['go-bridge', 'new-sandbox'])
})
