/** A password of a letter or two is in every sentence: hidden only where it stands by itself. */
const WORD_LENGTH = 4;

function hideWord(text: string, secret: string): string {
  const literal = secret.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'gu'), '***');
}

/** Some BMCs quote what they were sent. A secret that came back in an answer goes no further. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length === 0) continue;
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      clean = form.length < WORD_LENGTH ? hideWord(clean, form) : clean.replaceAll(form, '***');
    }
  }
  return clean;
}
