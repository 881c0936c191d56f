/** Shorter ones would be found everywhere: they are named in a warning instead. */
export const shortestMasked = 6;

export const isShort = (value: string) => value.trim().length < shortestMasked;

/**
 * Every way in which a value is likely to show up in output, as bytes: itself, each of its lines, in base64 whatever stands before
 * it, percent-encoded, and escaped for JSON and for a shell. Those that are too short are left out.
 */
export function formsOf(value: string): readonly Buffer[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const texts = [value, value.trim(), ...lines].flatMap((text) => [text, ...percentEncoded(text), ...escaped(text)]);
  const encoded = [Buffer.from(value), Buffer.from(value.trim())].flatMap(base64Forms);
  const forms = new Set([...texts, ...encoded].map((text) => Buffer.from(text).toString('latin1')));
  return [...forms].filter((form) => form.length >= shortestMasked).map((form) => Buffer.from(form, 'latin1'));
}

/** Encoders differ in what they leave as it is, and in the case of their digits. */
function percentEncoded(text: string): readonly string[] {
  // A lone surrogate cannot be encoded, and is no text.
  const wellFormed = Buffer.from(text).toString();
  const component = encodeURIComponent(wellFormed);
  const strict = component.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = strict.replaceAll('%2F', '/');
  const form = new URLSearchParams([['', wellFormed]]).toString().slice(1);
  const variants = [component, strict, path, strict.replaceAll('%20', '+'), form, encodeURI(wellFormed)];
  return variants.flatMap((variant) => [variant, variant.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase())]);
}

function escaped(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [json, json.replaceAll('/', '\\/'), ascii, ascii.replaceAll('/', '\\/'), text.replaceAll("'", "'\\''"), text.replaceAll("'", `'"'"'`)];
}

/** Columns after which programs wrap base64: `base64`, and PEM. */
const wraps = [76, 64];

/**
 * What of a value's base64 does not depend on its neighbours: with 0, 1 or 2 bytes before it in its group of three, and whatever
 * follows; and wrapped, where it begins a line.
 */
function base64Forms(value: Buffer): readonly string[] {
  const whole = value.toString('base64');
  const inner = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), value]).toString('base64');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6));
  });
  const wrapped = wraps.flatMap((width) => {
    if (whole.length <= width) return [];
    const texts = [whole, inner[0] ?? ''].map((text) => text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
    return texts.flatMap((lines) => [...lines, lines.join('\n')]);
  });
  const standard = [whole, ...inner, ...wrapped];
  return [...standard, ...standard.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}
