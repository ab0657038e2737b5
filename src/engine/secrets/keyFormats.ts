/** Keys that are known by their form. The more of a format is fixed, the fewer false alarms it gives. */
export interface KeyFormat {
  readonly name: string;
  /** The format is looked for only where one of these stands in the text, whatever the case. */
  readonly hints: readonly string[];
  /**
   * Begins with something fixed and repeats one class of characters at a time, with a bound: a failed attempt costs at most the
   * bound, so a scan is linear in the text.
   */
  readonly pattern: RegExp;
}

function format(name: string, hints: string | readonly string[], pattern: RegExp): KeyFormat {
  return { name, hints: typeof hints === 'string' ? [hints] : hints, pattern };
}

/** Sources: the documentation of each provider on how its keys look. */
export const keyFormats: readonly KeyFormat[] = [
  format('aws-access-key', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g),
  format('aws-bedrock-key', 'ABSK', /\bABSK[A-Za-z0-9+/]{100,300}={0,2}/g),
  format('azure-storage-key', 'AccountKey=', /\bAccountKey=[A-Za-z0-9+/]{80,90}={0,2}/g),
  format('azure-shared-access', 'sig=', /[?&]sig=[A-Za-z0-9%]{40,120}/g),
  format('azure-client-secret', 'Q~', /\b[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}/g),
  format('google-api-key', 'AIza', /\bAIza[A-Za-z0-9_-]{35}/g),
  format('google-oauth-secret', 'GOCSPX-', /\bGOCSPX-[A-Za-z0-9_-]{20,40}/g),
  format('google-oauth-token', 'ya29.', /\bya29\.[A-Za-z0-9_-]{20,500}/g),
  format('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], /\bgh[pousr]_[A-Za-z0-9]{36,255}/g),
  format('github-fine-grained', 'github_pat_', /\bgithub_pat_[A-Za-z0-9_]{22,255}/g),
  format(
    'gitlab-token',
    ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glimt-', 'glagent-', 'gloas-', 'glsoat-'],
    /\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_.-]{20,300}/g,
  ),
  format('bitbucket-token', 'ATBB', /\bATBB[A-Za-z0-9_=]{24,200}/g),
  format('atlassian-token', 'ATATT3', /\bATATT3[A-Za-z0-9_=-]{50,300}/g),
  format('slack-token', 'xox', /\bxox[abceoprs]-[A-Za-z0-9-]{10,250}/g),
  format('slack-app-token', 'xapp-', /\bxapp-\d-[A-Za-z0-9-]{20,250}/g),
  format(
    'slack-webhook',
    'hooks.slack.com',
    /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{20,120}/g,
  ),
  format(
    'discord-webhook',
    '/api/webhooks/',
    /\bdiscord(?:app)?\.com\/api\/webhooks\/\d{15,22}\/[A-Za-z0-9_-]{50,90}/g,
  ),
  format('discord-bot-token', '.', /\b[MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,38}/g),
  format(
    'teams-webhook',
    'webhook.office.com',
    /webhook\.office\.com\/webhookb2\/[A-Za-z0-9@-]{30,90}\/IncomingWebhook\/[a-f0-9]{32}/g,
  ),
  format('telegram-bot-token', ':AA', /\b\d{8,10}:AA[A-Za-z0-9_-]{33}/g),
  format('stripe-key', ['_live_', '_test_', '_prod_'], /\b[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,250}/g),
  format('stripe-webhook', 'whsec_', /\bwhsec_[A-Za-z0-9+/]{24,100}/g),
  format('openai-key', 'T3BlbkFJ', /\bsk-[A-Za-z0-9_-]{20,120}T3BlbkFJ[A-Za-z0-9_-]{20,120}/g),
  format(
    'openai-project-key',
    ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-or-v1-'],
    /\bsk-(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{30,250}/g,
  ),
  format('openai-legacy-key', 'sk-', /\bsk-[A-Za-z0-9]{48}\b/g),
  format('anthropic-key', 'sk-ant-', /\bsk-ant-[a-z0-9]{3,12}-[A-Za-z0-9_-]{24,200}/g),
  format('hugging-face-token', ['hf_', 'api_org_'], /\b(?:hf_|api_org_)[A-Za-z0-9]{30,50}\b/g),
  format('groq-key', 'gsk_', /\bgsk_[A-Za-z0-9]{40,60}/g),
  format('xai-key', 'xai-', /\bxai-[A-Za-z0-9]{60,100}/g),
  format('perplexity-key', 'pplx-', /\bpplx-[A-Za-z0-9]{40,64}/g),
  format('replicate-token', 'r8_', /\br8_[A-Za-z0-9]{37}\b/g),
  format('npm-token', 'npm_', /\bnpm_[A-Za-z0-9]{36}\b/g),
  format('pypi-token', 'pypi-', /\bpypi-AgE[A-Za-z0-9_-]{50,300}/g),
  format('rubygems-key', 'rubygems_', /\brubygems_[a-f0-9]{48}/g),
  format('crates-token', 'cio', /\bcio[A-Za-z0-9]{32}\b/g),
  format('nuget-key', 'oy2', /\boy2[a-z0-9]{43}\b/g),
  format('docker-token', 'dckr_', /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,60}/g),
  format('twilio-key', 'SK', /\bSK[0-9a-f]{32}\b/g),
  format('sendgrid-key', 'SG.', /\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}/g),
  format('mailgun-key', 'key-', /\bkey-[0-9a-f]{32}\b/g),
  format('mailchimp-key', '-us', /\b[0-9a-f]{32}-us\d{1,2}\b/g),
  format('brevo-key', 'xkeysib-', /\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}/g),
  format('digitalocean-token', '_v1_', /\bdo[opr]_v1_[a-f0-9]{64}/g),
  format('heroku-key', 'HRKU-', /\bHRKU-[A-Za-z0-9_-]{36,80}/g),
  format('fly-token', 'FlyV1', /\bFlyV1 fm\d[a-z]?_[A-Za-z0-9+/=_-]{50,800}/g),
  format('netlify-token', 'nfp_', /\bnfp_[A-Za-z0-9]{36,60}/g),
  format('vercel-token', ['vcp_', 'vck_', 'vci_'], /\bvc[pki]_[A-Za-z0-9]{24,80}/g),
  format('cloudflare-origin-key', 'v1.0-', /\bv1\.0-[a-f0-9]{24}-[a-f0-9]{100,160}/g),
  format('databricks-token', 'dapi', /\bdapi[a-f0-9]{32}(?:-\d)?\b/g),
  format('grafana-token', ['glsa_', 'glc_'], /\bgl(?:sa|c)_[A-Za-z0-9+/=_]{30,400}/g),
  format('new-relic-key', ['NRAK-', 'NRII-', 'NRJS-'], /\bNR(?:AK|II|JS)-[A-Za-z0-9_-]{19,40}/g),
  format('sentry-token', 'sntr', /\bsntr[ysu]_[A-Za-z0-9+/=_-]{40,300}/g),
  format('posthog-key', 'phx_', /\bphx_[A-Za-z0-9]{40,60}/g),
  format('linear-key', 'lin_', /\blin_(?:api|oauth)_[A-Za-z0-9]{32,64}/g),
  format('notion-key', ['ntn_', 'secret_'], /\b(?:ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43}\b)/g),
  format('airtable-token', 'pat', /\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}/g),
  format('figma-token', 'figd_', /\bfigd_[A-Za-z0-9_-]{38,60}/g),
  format('shopify-token', 'shp', /\bshp(?:at|ca|pa|ss|ua)_[a-fA-F0-9]{32}/g),
  format('square-token', 'sq0', /\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,50}/g),
  format('plaid-token', 'access-', /\baccess-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f-]{27}/g),
  format('terraform-token', '.atlasv1.', /\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,80}/g),
  format('vault-token', ['hvs.', 'hvb.', 'hvr.'], /\bhv[sbr]\.[A-Za-z0-9_-]{24,300}/g),
  format('doppler-token', 'dp.', /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._]{40,80}/g),
  format('pulumi-token', 'pul-', /\bpul-[a-f0-9]{40}/g),
  format('planetscale-secret', 'pscale_', /\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,80}/g),
  format('supabase-key', ['sbp_', 'sb_secret_'], /\b(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{20,60})/g),
  format('postman-key', 'PMAK-', /\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}/g),
  format('dropbox-token', 'sl.', /\bsl\.(?:u\.)?[A-Za-z0-9_-]{130,250}/g),
  format('facebook-token', 'EAA', /\bEAA[A-Za-z0-9]{90,250}\b/g),
  format('tailscale-key', 'tskey-', /\btskey-[a-z]{2,12}-[A-Za-z0-9-]{15,80}/g),
  format('age-key', 'AGE-SECRET-KEY-', /\bAGE-SECRET-KEY-1[A-Z0-9]{58}/g),
  format('sonar-token', ['sqp_', 'squ_', 'sqa_'], /\bsq[pua]_[a-f0-9]{40}/g),
  format('json-web-token', 'eyJ', /\beyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,2000}/g),
  format(
    'authorization-header',
    'authorization',
    /authorization["']?\s{0,4}[:=,]\s{0,4}["'`]?(?:basic\s{1,4}[A-Za-z0-9+/]{16,400}={0,2}|(?:bearer|token)\s{1,4}[A-Za-z0-9._~+/-]{24,2000})/gi,
  ),
];
