import { SlipwayError } from '../errors.ts';

/** The engine's refusal: its status and words, before anybody has said what they mean. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Both engines send `{"message": …}`; Podman adds `cause`, which often is the only telling part. */
export function readRefusal(status: number, body: string): Refusal {
  return { status, message: refusalText(body) || `status ${status}` };
}

function refusalText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) {
      const { message, cause } = parsed as { readonly message?: unknown; readonly cause?: unknown };
      const text = typeof message === 'string' ? message.trim() : '';
      return typeof cause === 'string' && cause !== '' && !text.includes(cause) ? `${text}: ${cause}` : text;
    }
  } catch {
    // Not JSON: a proxy's page, or an old engine's plain text.
  }
  return body.trim().slice(0, 500);
}

const nameTaken =
  /name .* is (already )?in use|already in use by container|name .*already exists|already exists with the name|network already exists|already used/i;
const portTaken = /port is already allocated|address already in use|port .* already in use/i;
const inUse =
  /in use by|is being used|being used by|is using its referenced|has active endpoints|image is in use|volume is in use|has associated containers|network is being used/i;
const noImage = /no such image|image not known|unable to find .*image|image .* not found/i;
const imageNotKnown = /no such image|image not known/i;

/** The stable code of a refusal. Podman answers 500 for much that Docker gives a status of its own, so the words are read too. */
export function refusalError(action: string, { status, message }: Refusal): SlipwayError {
  const text = `Cannot ${action}: ${message}`;
  if (portTaken.test(message)) return new SlipwayError('E_PORT_TAKEN', text, { hint: 'Choose another port, or stop what listens on this one.' });
  if (nameTaken.test(message)) return new SlipwayError('E_NAME_TAKEN', text, { hint: 'Choose another name, or remove what has it.' });
  if (inUse.test(message)) return new SlipwayError('E_IN_USE', text, { hint: 'Remove what uses it first.' });
  if (imageNotKnown.test(message) || (status === 404 && noImage.test(message))) {
    return new SlipwayError('E_NO_IMAGE', text, { hint: 'Build, pull or import the image first.' });
  }
  if (status === 404) return new SlipwayError('E_NO_SUCH', text);
  if (status === 409 || /is (not running|paused|already paused|not paused)|state improper|must be running/i.test(message))
    return new SlipwayError('E_CONFLICT', text);
  return new SlipwayError('E_ENGINE', text);
}

/** Why a connection could not be made, or broke. */
export function connectionError(endpoint: string, cause: Error): SlipwayError {
  const code = 'code' in cause ? cause.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') {
    return new SlipwayError('E_ENGINE_PERMISSION', `No permission to use the engine at ${endpoint}`, {
      cause,
      hint: 'Run "slipway doctor" to see what is missing.',
    });
  }
  return new SlipwayError('E_ENGINE_UNREACHABLE', `The engine at ${endpoint} does not answer: ${cause.message}`, {
    cause,
    hint: 'Nothing was changed. Run "slipway doctor" to see why, then try again.',
  });
}

export function timeoutError(endpoint: string, action: string, timeoutMs: number): SlipwayError {
  return new SlipwayError('E_ENGINE_TIMEOUT', `The engine at ${endpoint} took longer than ${timeoutMs / 1000} s to ${action}`, {
    hint: 'Run "slipway doctor" to see whether the engine answers at all.',
  });
}

/** What an aborted call throws: the signal's own reason where that is an error of ours. */
export function abortError(signal: AbortSignal, action: string): SlipwayError {
  const reason: unknown = signal.reason;
  return reason instanceof SlipwayError ? reason : new SlipwayError('E_CANCELLED', `Cancelled: ${action}`, { cause: reason, exitCode: 130 });
}
