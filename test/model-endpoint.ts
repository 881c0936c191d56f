import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the scripted model has the agent write before it says that it is done. */
export interface ScriptedEdit {
  /** Relative to /workspace. */
  readonly path: string;
  readonly text: string;
}

export interface ModelRequest {
  readonly path: string;
  /** The key that came with it, whatever header its protocol uses. */
  readonly key: string;
}

type Events = readonly (readonly [event: string | undefined, data: unknown])[];

interface Protocol {
  /** Whether the agent already sent what its tool answered. */
  readonly edited: (body: Body) => boolean;
  /** Whether the request offers the tool that edits; agents also ask for titles and the like. */
  readonly mayEdit: (body: Body) => boolean;
  readonly edit: (edit: ScriptedEdit) => Events;
  readonly say: (text: string) => Events;
}

interface Body {
  readonly messages?: readonly { readonly role?: string; readonly content?: unknown }[];
  readonly input?: readonly { readonly type?: string }[];
  readonly tools?: readonly { readonly name?: string; readonly function?: { readonly name?: string } }[];
}

/**
 * A model that has one idea: edit a file, then say so. It speaks what Claude Code, Codex and OpenCode speak, streamed.
 * A test can have it refuse, or hold its last word back until the test lets it speak.
 */
export class ModelEndpoint {
  refuse = false;
  readonly requests: ModelRequest[] = [];
  edit: ScriptedEdit = { path: 'edited.txt', text: 'edited\n' };
  private readonly server: Server;
  private held: Promise<void> | undefined;
  private letGo: () => void = () => {};
  private waiting = 0;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response).catch(() => response.destroy()));
  }

  /** Listens on this machine's loopback, which a container on the host's network shares. */
  static async start(): Promise<ModelEndpoint> {
    const endpoint = new ModelEndpoint();
    await new Promise<void>((resolve) => endpoint.server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many agents have edited and wait for the last word. */
  get agentsWaiting(): number {
    return this.waiting;
  }

  hold(): void {
    this.held = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  release(): void {
    this.letGo();
    this.held = undefined;
  }

  async close(): Promise<void> {
    this.release();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const key = request.headers['x-api-key'] ?? request.headers.authorization ?? '';
    const protocol = protocols[path];
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== 'POST' || protocol === undefined) {
      response.writeHead(request.method === 'HEAD' ? 200 : 404).end();
      return;
    }
    this.requests.push({ path, key: String(key).replace(/^Bearer /, '') });
    if (this.refuse) {
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: 'The scripted model refuses.' } }));
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    if (protocol.edited(body)) await this.waitWhileHeld(response);
    const events = !protocol.edited(body) && protocol.mayEdit(body) ? protocol.edit(this.edit) : protocol.say('The file is edited.');
    for (const [event, data] of events)
      response.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    response.end();
  }

  /** Until the test lets go, or the agent is gone. */
  private async waitWhileHeld(response: ServerResponse): Promise<void> {
    if (this.held === undefined) return;
    this.waiting += 1;
    await Promise.race([this.held, new Promise((resolve) => response.once('close', resolve))]);
    this.waiting -= 1;
  }
}

const typed = (data: { readonly type: string }): Events[number] => [data.type, data];
const offers = (tool: string) => (body: Body) => body.tools?.some(({ name, function: called }) => (name ?? called?.name) === tool) === true;
const usage = { input_tokens: 1, output_tokens: 1 };

/** https://docs.anthropic.com/en/api/messages-streaming */
const anthropic: Protocol = {
  edited: ({ messages = [] }) =>
    messages.some(({ content }) => Array.isArray(content) && content.some((part: { readonly type?: string }) => part.type === 'tool_result')),
  mayEdit: offers('Write'),
  edit: ({ path, text }) =>
    message(
      { type: 'tool_use', id: 'toolu_1', name: 'Write', input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify({ file_path: `/workspace/${path}`, content: text }) },
      'tool_use',
    ),
  say: (text) => message({ type: 'text', text: '' }, { type: 'text_delta', text }, 'end_turn'),
};

function message(block: object, delta: object, reason: string): Events {
  return [
    {
      type: 'message_start',
      message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [], stop_reason: null, stop_sequence: null, usage },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ].map(typed);
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
const responses: Protocol = {
  edited: ({ input = [] }) => input.some(({ type }) => type === 'function_call_output'),
  mayEdit: offers('exec_command'),
  edit: ({ path, text }) =>
    item({
      type: 'function_call',
      id: 'fc_1',
      call_id: 'call_1',
      name: 'exec_command',
      arguments: JSON.stringify({ cmd: `printf %s ${shellQuote(text)} > /workspace/${path}` }),
      status: 'completed',
    }),
  say: (text) => item({ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] }),
};

function item(done: object): Events {
  return [
    { type: 'response.created', response: { id: 'resp_1' } },
    { type: 'response.output_item.added', output_index: 0, item: { ...done, status: 'in_progress' } },
    { type: 'response.output_item.done', output_index: 0, item: done },
    { type: 'response.completed', response: { id: 'resp_1', usage: { ...usage, input_tokens_details: null, output_tokens_details: null, total_tokens: 2 } } },
  ].map(typed);
}

/** https://platform.openai.com/docs/api-reference/chat-streaming */
const chat: Protocol = {
  edited: ({ messages = [] }) => messages.some(({ role }) => role === 'tool'),
  mayEdit: offers('write'),
  edit: ({ path, text }) =>
    completion(
      {
        role: 'assistant',
        tool_calls: [
          {
            index: 0,
            id: 'call_1',
            type: 'function',
            function: { name: 'write', arguments: JSON.stringify({ filePath: `/workspace/${path}`, content: text }) },
          },
        ],
      },
      'tool_calls',
    ),
  say: (text) => completion({ role: 'assistant', content: text }, 'stop'),
};

function completion(delta: object, reason: string): Events {
  const chunk = (choice: object) => ({ id: 'chat_1', object: 'chat.completion.chunk', created: 1, model: 'scripted', choices: [{ index: 0, ...choice }] });
  return [
    [undefined, chunk({ delta, finish_reason: null })],
    [undefined, chunk({ delta: {}, finish_reason: reason })],
    [undefined, '[DONE]'],
  ];
}

const protocols: Readonly<Record<string, Protocol>> = {
  '/v1/messages': anthropic,
  '/v1/responses': responses,
  '/v1/chat/completions': chat,
};

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
