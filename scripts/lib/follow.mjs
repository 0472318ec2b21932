// Preloaded into whatever runOnNode starts. The pipe closes when the launcher is gone, however it went; then so does
// this process, as in a crash: no orderly end that nobody asked for, which could destroy sandboxes.
import { Socket } from 'node:net'

const fd = process.env.BERTH_FOLLOW_FD
if (fd) {
  // Neither this process's children nor its workers have the pipe.
  delete process.env.BERTH_FOLLOW_FD
  const at = process.execArgv.indexOf('--import')
  if (at >= 0) process.execArgv.splice(at, 2)
  const pipe = new Socket({ fd: Number(fd), readable: true, writable: false })
  const gone = () => process.kill(process.pid, 'SIGKILL')
  pipe.on('end', gone)
  pipe.on('error', gone)
  pipe.resume()
  pipe.unref()
}
