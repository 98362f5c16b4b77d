/** What the manual page says beside the commands. `term :: text` lines become a list, lines that begin with two spaces stay as they are. */
interface ManSection {
  readonly title: string;
  readonly body: string;
}

export const MAN_BEFORE: readonly ManSection[] = [
  { title: 'NAME', body: 'crashcart - bare-metal servers from power-on to Talos Linux on local disk' },
  {
    title: 'SYNOPSIS',
    body: '`crashcart` [COMMAND] [OPTIONS]\n\n`crashcart` COMMAND `--help`\n\n`crashcart --version`',
  },
  {
    title: 'DESCRIPTION',
    body: `\`crashcart\` is one program for the person standing at a rack. It carries the whole network-boot stack (DHCP or proxyDHCP, TFTP, HTTP, iPXE scripts, a vault of Talos images), drives the BMCs by Redfish, listens to what Talos itself reports, and shows the rack live. When a machine hangs, it says why.

A machine that was not armed by name never loses a byte: every answer that could lead to a write passes one gate, and any doubt sends the machine to its local disk.

Without a command, \`up\` is run. \`serve\` is the same engine without a screen, for systemd; \`attach\` opens the screen on it. \`demo\` shows all of it on loopback, without hardware and without root.

What is to be installed stands in an inventory: a folder of YAML files, one for each machine, with values inherited from the \`_defaults.yaml\` of its folders.`,
  },
];

export const MAN_AFTER: readonly ManSection[] = [
  {
    title: 'EXIT STATUS',
    body: `0 :: Done.
1 :: The answer is no: a check failed, or a machine did.
2 :: Wrong usage.
3 :: Cannot run here (a port is taken, a right is missing); the message says the way out.`,
  },
  {
    title: 'SIGNALS',
    body: `SIGHUP :: \`serve\`: read the inventory again; errors leave the one that was good. \`up\`: the terminal went away; the stack goes on, and \`crashcart attach\` returns to it.
SIGTERM, SIGINT :: End: BMC sessions closed, state saved, exit status 0. A second start continues where this one ended.
SIGTSTP, SIGCONT :: The screen gives the terminal back and takes it again; machines are answered meanwhile.`,
  },
  {
    title: 'ENVIRONMENT',
    body: `CRASHCART_INVENTORY :: The inventory folder, where no \`--inventory\` is given.
CRASHCART_ASSETS :: The vault of images, where no \`--assets\` is given.
CRASHCART_SOCKET :: The control socket, where no \`--socket\` is given.
CRASHCART_DEBUG :: 1: a fault of the program shows its stack.
NO_COLOR :: No colours, as \`--no-colour\`.
TERM, LANG, LC_ALL, LC_CTYPE :: What the terminal can show; without UTF-8 the screen is 7-bit.
TMUX, STY :: Set by tmux and screen, which copy to the clipboard in their own way.
EDITOR, VISUAL, PAGER :: Programs that the screen opens for files and logs.
XDG_CONFIG_HOME, XDG_STATE_HOME, HOME :: Where settings and state are kept; see FILES.
STATE_DIRECTORY :: The state folder that systemd gives (\`StateDirectory=\`).
NOTIFY_SOCKET :: Set by systemd: readiness is told by systemd-notify(1).
SUDO_USER, SSH_CONNECTION :: Who is named in the audit beside each order.
PATH :: Where \`exec:\` secret references and the programs above are looked up.

Secrets in the inventory are references: \`env:NAME\`, \`file:PATH\` or \`exec:COMMAND\`. The variables that they name are read when a secret is needed, and never shown.`,
  },
  {
    title: 'FILES',
    body: `./inventory :: \`_site.yaml\` (networks, ports, Talos version), \`_defaults.yaml\` in any folder, \`_profiles.yaml\`, one file for each machine.
./assets :: The vault: images with their SHA-256. Nothing is served that does not match.
/var/lib/crashcart :: State of root: journal, snapshot, audit and the control socket (mode 0600). Other users: \`$XDG_STATE_HOME/crashcart\`, or \`~/.local/state/crashcart\`.
~/.config/crashcart/settings.json :: What a user likes of the screen: look and keys.
/etc/crashcart/inventory, /etc/crashcart/environment :: Inventory and environment of the systemd unit.`,
  },
  {
    title: 'RIGHTS',
    body: `Ports below 1024 (DHCP 67, proxyDHCP 4011 is free, TFTP 69, HTTP 80) need CAP_NET_BIND_SERVICE; knocking at an address before it is handed out, and hearing other DHCP servers, needs CAP_NET_RAW; a receive buffer that a boot storm fits in needs CAP_NET_ADMIN, or a larger net.core.rmem_max. \`crashcart doctor\` tells which of them are missing.

Root is not needed. Give the single executable the rights, and it alone has them:

  sudo setcap cap_net_bind_service,cap_net_raw=+ep /usr/local/bin/crashcart

Of the npm package, it is Node that needs them, and with it every script that this user runs; prefer the executable or the systemd unit there:

  sudo setcap cap_net_bind_service,cap_net_raw=+ep "$(readlink -f "$(command -v node)")"

The unit \`crashcart.service\` runs as the user crashcart, with the first two capabilities and nothing else. Its operators attach as that user or as root; who gave an order stands in the audit either way:

  sudo crashcart attach`,
  },
  {
    title: 'EXAMPLES',
    body: `A rack, without hardware:

  crashcart demo

A real one, step by step:

  crashcart check
  crashcart doctor
  crashcart images pull
  sudo crashcart up

The same for scripts, against the engine of a jump host:

  systemctl enable --now crashcart
  crashcart plan r07-u33
  crashcart provision r07-u33 --wait && crashcart status --json`,
  },
  { title: 'SEE ALSO', body: 'systemd-notify(1), setcap(8), capabilities(7), tmux(1)' },
];
