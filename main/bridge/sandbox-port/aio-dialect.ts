import { errorCodes, toErrorData } from '../../../shared/errors.ts'
import { type Dialect, jsonRefusal } from '../dialect.ts'

/** The whole sandbox port's: the envelope of the AIO API, which its SDKs read, and Berth's error beside it. */
export const aioDialect: Dialect = {
  prefix: '',
  refusal: (error) =>
    jsonRefusal(errorCodes[error.code].http, { success: false, message: error.message, data: null, hint: error.next, error: toErrorData(error) }),
}
