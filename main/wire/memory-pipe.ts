import type { ClientFrame, FramePort, ServerFrame } from '../../shared/wire/frame.ts'

/** Both ends of a pipe within this process. Frames arrive in a later turn, in order, as over any other pipe. */
export function memoryPipe(): { client: FramePort<ClientFrame, ServerFrame>; server: FramePort<ServerFrame, ClientFrame> } {
  const toServer = half<ClientFrame>()
  const toClient = half<ServerFrame>()
  const close = (reason: string) => {
    toServer.close(reason)
    toClient.close(reason)
  }
  return {
    client: { send: toServer.send, listen: toClient.listen, close: () => close('the client closed it') },
    server: { send: toClient.send, listen: toServer.listen, close: () => close('the engine closed it') },
  }
}

function half<Frame>() {
  let listener: { frame(frame: Frame): void; closed(reason: string): void } | null = null
  let waiting: Frame[] = []
  let ending: string | null = null
  let over = false
  let asked = false

  function deliver(): void {
    asked = false
    const now = waiting
    waiting = []
    for (const frame of now) listener?.frame(frame)
    if (ending === null || over || waiting.length > 0) return
    over = true
    listener?.closed(ending)
  }

  function ask(): void {
    if (asked || !listener) return
    asked = true
    setImmediate(deliver)
  }

  return {
    send(frame: Frame) {
      if (ending !== null) return
      waiting.push(frame)
      ask()
    },
    listen(to: { frame(frame: Frame): void; closed(reason: string): void }) {
      listener = to
      ask()
    },
    close(reason: string) {
      ending ??= reason
      ask()
    },
  }
}
