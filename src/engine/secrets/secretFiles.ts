/** Files that hold nothing but credentials: they are not even indexed on this machine. */
const credentialName =
  /^(\.env(\.(?!example$|sample$|template$|dist$|defaults?$).+)?|\.netrc|_netrc|\.pgpass|\.htpasswd|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)(_sk)?)$|\.(pem|key|p12|pfx|pkcs12|kdbx?|ppk|asc|gpg|jks|keystore)$/i;

/** Files that often hold credentials among other things: indexed here, but they never leave this machine. */
const sensitiveName =
  /^(\.npmrc|\.yarnrc(\.yml)?|\.pypirc|\.dockercfg|\.my\.cnf|\.mylogin\.cnf|\.boto|\.s3cfg|\.flaskenv|\.envrc|\.vault[-_]token|\.terraformrc|terraform\.rc|\.authinfo|\.esmtprc|\.msmtprc|\.wgetrc|\.curlrc|(\.?kube)?config\.kube|\.?kubeconfig(\.ya?ml)?|credentials?(\.(json|ya?ml|toml|ini|xml|properties|tfrc\.json|enc))?|secrets?(\.(json|ya?ml|toml|ini|xml|properties|tfvars))?|client_secrets?(_.*)?\.json|service[-_]?account(-.*|_.*)?\.json|htpasswd|shadow|master\.key|wp-config\.php|known_secrets)$|\.(kubeconfig|ovpn|tfvars|tfvars\.json|tfstate|tfstate\.backup|auto\.tfvars|mobileprovision|keychain|agekey|bak\.env|rdp|credentials)$|\.env$|^\.env[.-]/i;

/** Templates beside the real thing; their values are placeholders. */
const templateName = /\.(example|sample|template|dist|defaults?|tmpl|tpl)(\.[a-z]+)?$/i;

/** Folders whose files are all sensitive, such as `~/.ssh` kept in a repository of dotfiles. */
const sensitiveFolder = /(?:^|\/)\.(?:ssh|gnupg|aws|azure|kube|docker|gcloud|config\/gcloud|password-store)\//i;

/** True for a file name that alone says that nothing in the file is for an index. */
export function isCredentialFile(name: string): boolean {
  return credentialName.test(name);
}

/** True for a path, relative with forward slashes, whose content must stay on this machine whatever it is. */
export function isSensitivePath(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (credentialName.test(name)) return true;
  if (sensitiveFolder.test(path)) return true;
  return sensitiveName.test(name) && !templateName.test(name);
}
