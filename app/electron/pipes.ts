import { app, BrowserWindow, ipcMain, protocol, session, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron'
import type { Guard, Pipes, Sender } from '../system/pipes.ts'

export function electronPipes(): Pipes {
  return {
    handle: (channel, handler) => ipcMain.handle(channel, (event, ...args: unknown[]) => handler(senderOf(event), args)),
    on: (channel, listener) => void ipcMain.on(channel, (event, ...args: unknown[]) => listener(senderOf(event), args)),
  }
}

function senderOf({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): Sender {
  return {
    mainFrame: senderFrame !== null && senderFrame === sender.mainFrame,
    origin: senderFrame?.origin ?? 'null',
    ours: BrowserWindow.fromWebContents(sender) !== null,
  }
}

export function electronGuard(): Guard {
  return {
    registerScheme: (scheme) => protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]),
    serve: (scheme, handler) => protocol.handle(scheme, async ({ url, method }) => {
      const { status, headers, body } = await handler({ url, method })
      return new Response(body as Uint8Array<ArrayBuffer> | null, { status, headers })
    }),
    allowPermissions(names) {
      const { defaultSession } = session
      defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(names.includes(permission)))
      defaultSession.setPermissionCheckHandler((_contents, permission) => names.includes(permission))
      defaultSession.setDevicePermissionHandler(() => false)
    },
    confine(origin, refused) {
      app.on('web-contents-created', (_event, contents) => {
        contents.on('will-attach-webview', (event) => event.preventDefault())
        contents.setWindowOpenHandler(({ url }) => {
          refused(url)
          return { action: 'deny' }
        })
        const stay = (details: { url: string; preventDefault(): void }) => {
          if (!details.url.startsWith(`${origin}/`)) details.preventDefault()
        }
        contents.on('will-navigate', stay)
        contents.on('will-redirect', stay)
        contents.on('will-frame-navigate', stay)
      })
    },
  }
}
