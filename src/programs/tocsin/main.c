/*
 * tocsin - the operator's command line. A new sub-command is one line in this table.
 */
#include <sodium.h>
#include <stdio.h>

#include "command.h"

static const struct command commands[] = {
    {"ca", "make the site's certificate authority, and certificates",
     "tocsin ca init --site NAME [--dir DIR] [--key pkcs11:URI]\n"
     "    Makes the site CA (ca.key, ca.crt) and the web CA (web-ca.key, web-ca.crt) in DIR.\n"
     "    The keys are sealed with the environment variable TOCSIN_CA_PASSPHRASE if it is set.\n"
     "    With --key the site CA's key is one that is in a token already; TOCSIN_CA_PASSPHRASE is\n"
     "    its PIN.\n"
     "tocsin ca init --root NAME [--dir DIR] [--key pkcs11:URI]\n"
     "    Makes a root above the CAs of one site or several, to be kept offline (ca.key, ca.crt).\n"
     "    It does nothing but vouch for them.\n"
     "tocsin ca issue ROLE NAME [--dir DIR] [--out DIR] [--days N] [--host HOST]... [--web]\n"
     "        [--key pkcs11:URI]\n"
     "    Makes NAME.key and NAME.crt. ROLE: edge, gateway, control, ops, operator, exercise,\n"
     "    map, cloud, broker.\n"
     "    Valid for 30 days (edge, gateway) or 365 (all others) unless --days says otherwise.\n"
     "    --host adds a DNS name or an IP address, for a server. --web makes a certificate that\n"
     "    browsers know, of the web CA; it neither signs messages nor opens the bus.\n"
     "tocsin ca vouch CERTIFICATE --out FILE [--dir DIR] [--key pkcs11:URI]\n"
     "    The word of this CA, or of a root, for another CA, which devices then come to trust.\n"
     "tocsin ca show [FILE]\n"
     "    Says whose certificate it is, how long it is valid, and its fingerprint.\n"
     "DIR is \"ca\", the out DIR is \".\", FILE is \"ca/ca.crt\" unless given.\n",
     ca_command},
    {"device", "invite, list, enrol and revoke members of the site",
     "tocsin device add NAME [--role ROLE] [--host HOST]... [--minutes N] [--token-file FILE]\n"
     "        [--no-qr] OFFICE\n"
     "    Makes a one-time token, 60 minutes good unless --minutes says otherwise, and prints it "
     "as\n"
     "    text and QR code, or writes it into FILE. ROLE as in `ca issue`, edge unless given.\n"
     "tocsin device list OFFICE\n"
     "    Prints every member that was certified.\n"
     "tocsin device revoke NAME [--role ROLE] OFFICE\n"
     "tocsin device revoke --certificate FILE OFFICE\n"
     "    Withdraws a member's certificates, or one, for good.\n"
     "tocsin device enrol NAME --url URL --site SITE --ca FILE [--fingerprint HEX] [--role ROLE]\n"
     "        [--out DIR] [--token-file FILE] [--reload PIDFILE]\n"
     "    For what has no program of ours, such as a broker: makes NAME.key and NAME.crt with the\n"
     "    token in FILE or TOCSIN_ENROL_TOKEN; later renews them when they are due. FILE of --ca "
     "is\n"
     "    made by the fingerprint when it is missing. --reload sends SIGHUP to the process of "
     "PIDFILE\n"
     "    when something was made, so that it reads them.\n"
     "OFFICE: --url URL --ca FILE --identity PATH: tocsin-enrol's address, the site CA's\n"
     "certificate, and the control or ops identity (PATH.crt, PATH.key) in whose name you ask.\n",
     device_command},
    {"operator", "certify operators' own keys, approve an emergency",
     "tocsin operator certify NAME [--request FILE] [--dir DIR] [--days N] > NAME.crt\n"
     "    Certifies the key of a signing request (PEM, of the operator's page) with the CA in "
     "DIR.\n"
     "    Compare the key's mark with the operator before the certificate is handed over.\n"
     "    A key for the command line is made by `tocsin ca issue operator NAME`.\n"
     "tocsin operator approve --key KEY --chain CHAIN < content.json > approved.json\n"
     "    Adds an operator's approval to the content of an alert.\n",
     operator_command},
    {"sign", "sign a message",
     "tocsin sign --key KEY --chain CHAIN --tier TIER [--at TIME] < content.json > message.json\n"
     "    Puts a JSON object with a text member \"type\" into a signed envelope.\n"
     "    TIER: informational, advisory, warning, emergency, ipaws. TIME (RFC 3339): as if then.\n",
     sign_command},
    {"verify", "judge a signed message",
     "tocsin verify --ca CA --site SITE [--at TIME] < message.json\n"
     "    Prints the verdict as every receiver would give it, now or at TIME (RFC 3339): admit "
     "and\n"
     "    the signer, or the reason for refusal. Exit status 0 means admit.\n",
     verify_command},
    {"audit", "copy and check the audit log",
     "tocsin audit export DIR --state STATE\n"
     "    Copies the log out of control's state folder, to be checked without it. With\n"
     "    TOCSIN_DATABASE_KEY the sealed details come along.\n"
     "tocsin audit verify DIR --policy POLICY [--against OLDER] [--age SECONDS]\n"
     "    Says \"good\", or the first wrong entry and what is wrong with it. POLICY (C2SP\n"
     "    tlog-policy) names the log's key and the witnesses it takes. OLDER is a checkpoint or\n"
     "    a copy that was kept: the log must extend it. SECONDS: the newest cosignature's age.\n"
     "tocsin audit prove INDEX --from DIR > entry.tlog-proof\n"
     "    The proof that an entry stands in the log, to be checked without the log.\n"
     "tocsin audit check PROOF --entry FILE --policy POLICY\n"
     "    Checks such a proof for the entry's bytes.\n"
     "tocsin audit rotate --state STATE [--finish]\n"
     "    Makes the log's next key, which control takes at its next start. --finish takes the old\n"
     "    one away when every gateway has followed.\n"
     "tocsin audit erase INDEX --state STATE [--reason WORDS]\n"
     "    Erases what an entry keeps sealed. The entry, the tree and that it was erased stay.\n",
     audit_command},
    {"key", "change the keys of databases",
     "tocsin key show --state STATE [--database ADDRESS]\n"
     "    The keys of the sealed columns in control's database, and how many rows are not under\n"
     "    the newest. Keys of databases come as TOCSIN_DATABASE_KEY and TOCSIN_COLUMN_KEY.\n"
     "tocsin key rotate --state STATE [--database ADDRESS]\n"
     "    Makes another column key, seals every row under it while control serves, and removes\n"
     "    the older keys when no row needs them. Killed, the next one goes on with it.\n"
     "tocsin key rekey FILE\n"
     "    Gives a database, whose program is stopped, the keys TOCSIN_DATABASE_KEY_NEW and\n"
     "    TOCSIN_COLUMN_KEY_NEW (one of them is enough) in the place of the present ones.\n",
     key_command},
    {"demo", "run a whole site on this machine until Ctrl-C",
     "tocsin demo [--port N] [--state DIR] [--build DIR] [--share DIR] [--video FILE]\n"
     "    --port   of the web page (8080, or any free one; 0: any free one)\n"
     "    --state  the folder to work in; it is emptied first (build/demo)\n"
     "    --build  where the programs are (beside this one)\n"
     "    --share  the folder that holds deploy/ and web/ (the current one)\n"
     "    --video  what the test camera plays (pedestrians of the package opencv-doc)\n",
     demo_command},
};

int command_failed(const char *command, enum err err, const struct why *why)
{
    (void)fprintf(stderr, "tocsin %s: %s\n", command, why->text);
    return err == ERR_MALFORMED || err == ERR_RANGE ? COMMAND_MISUSED : COMMAND_FAILED;
}

int main(int argc, char *argv[])
{
    if (sodium_init() < 0) { return COMMAND_FAILED; }
    static const struct command_table table = {"tocsin", commands, ARRAY_LEN(commands)};
    return command_run(&table, argc, argv);
}
