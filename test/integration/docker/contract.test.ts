import { describeBackend } from '../../support/backend-contract.ts'
import { dockerSubject } from '../../support/docker-subject.ts'
import { needs } from '../../support/parts.ts'

needs('docker', 'lite-image').describe('docker', () => {
  describeBackend('docker', () => dockerSubject(), { pausable: true, sharedNames: true, outlivesClose: true, real: true })
})
