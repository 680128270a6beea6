#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages as a sysadmin meets them: built from the last commit, installed into an empty Debian 12 (debootstrap, in name spaces of
# its own), README.md followed word for word, removed, purged. About five minutes and 700 MB in build/. Usage: sudo tools/try_package.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh
install_missing $build_packages debootstrap debhelper dpkg-dev
place=$PWD/build/try_package
rm -rf "$place/tree" && mkdir -p "$place/tree"

echo "== build"
git archive HEAD | tar -x -C "$place/tree"
cp -r "$place/tree/packaging/debian" "$place/tree/debian"
(cd "$place/tree" && DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" dpkg-buildpackage -b -us -uc) >"$place/build.log" 2>&1 ||
    { tail -n 30 "$place/build.log"; exit 1; }

echo "== an empty Debian 12"
if [ ! -e "$place/empty/ready" ]; then
    rm -rf "$place/empty"
    debootstrap --variant=minbase bookworm "$place/empty" >"$place/debootstrap.log" 2>&1 || { tail "$place/debootstrap.log"; exit 1; }
    printf '#!/bin/sh\nexit 101\n' >"$place/empty/usr/sbin/policy-rc.d"
    chmod 755 "$place/empty/usr/sbin/policy-rc.d"
    cp /etc/apt/sources.list.d/* "$place/empty/etc/apt/sources.list.d/" 2>/dev/null || true
    touch "$place/empty/ready"
fi
rm -rf "$place/machine"
cp -a "$place/empty" "$place/machine"
cp "$place"/frtgate*.deb "$place/machine/root/"
cp /etc/resolv.conf "$place/machine/etc/resolv.conf"

walk() {
    set -u
    say() { echo "== $*"; }
    bad=0
    must() { # WHAT PATTERN TEXT
        if printf '%s' "$3" | grep -qE -- "$2"; then echo "ok   $1"; else echo "FAIL $1: expected $2 in: $3"; bad=1; fi
    }
    export DEBIAN_FRONTEND=noninteractive
    say packages
    apt-get update -qq >/tmp/apt 2>&1 || cat /tmp/apt
    debconf-set-selections <<X
slapd slapd/domain string city.example
slapd slapd/password1 password admin
slapd slapd/password2 password admin
X
    apt-get install -y -qq --no-install-recommends slapd ldap-utils systemd procps /root/frtgate*.deb >/tmp/apt 2>&1 || tail /tmp/apt
    must "before there is a configuration, it is asked for" "frt.conf" "$(frtd --check 2>&1)"
    must "nothing runs, and su works" "su works" "$(su - root -c 'echo su works' 2>&1)"

    say "1. the directory"
    mkdir -p /run/slapd && chown openldap:openldap /run/slapd
    slapd -h ldapi:/// -g openldap -u openldap -F /etc/ldap/slapd.d && sleep 2
    cd /usr/share/frtgate/ldap_schema
    SUFFIX=dc=city,dc=example
    yours() { sed -s -e "s/dc=frt,dc=example/$SUFFIX/g" -e '$G' "$@"; }
    put() { ldapadd -c -x -H ldapi:/// -D cn=admin,$SUFFIX -w admin; }
    ldapadd -Q -Y EXTERNAL -H ldapi:/// -f frt.ldif >/dev/null
    yours indexes.ldif limits.ldif access.ldif syncprov.ldif constraints.ldif | ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null
    yours start.ldif | put >/dev/null 2>&1
    yours sample_city/50-tools.ldif | grep -v '^frtReviewedBy' | put >/dev/null
    yours sample_city/1*.ldif sample_city/[234]*.ldif sample_city/6*.ldif | put >/dev/null 2>&1
    printf '%s\n' 'dn: cn=config' 'changetype: modify' 'add: olcAuthzRegexp' \
        "olcAuthzRegexp: ^gidNumber=[[:digit:]]+\\+uidNumber=$(id -u frt-replica),cn=peercred,cn=external,cn=auth$ cn=replica,ou=services,$SUFFIX" |
        ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null

    say "2. the configuration"
    cp /usr/share/doc/frtgate/examples/frt.conf /etc/frt/
    must "the example names what is not there" "ca_file: .*No such file" "$(frtd --check 2>&1)"
    sed -i -e 's|^host = .*|host = "h6";|' -e 's|# sasl_external = true;.*|sasl_external = true;|' -e 's|uris = .*|uris = [ "ldapi:///" ];|' \
        -e "s|suffix = .*|suffix = \"$SUFFIX\";|" -e '/^ *\(ca_file\|bind_dn\|secret_file\) =/d' /etc/frt/frt.conf
    must "yours is good" "good; host h6" "$(frtd --check 2>&1)"
    must "for the gate, too" "good; gates every local file system" "$(frt-gate --check 2>&1)"

    say "3. frtd"
    must "before it is started, it is said how to" "systemctl status frtd" "$(frt status 2>&1)"
    systemd-tmpfiles --create frt.conf
    frtd --config /etc/frt/frt.conf 2>/tmp/frtd.log &
    frtd=$!
    for _ in $(seq 60); do frt status >/dev/null 2>&1 && break; sleep 0.5; done
    must "the first public key is shown" "first public key [0-9a-f]{64}" "$(cat /tmp/frtd.log)"
    must "it works" "working on host h6" "$(frt status 2>&1)"
    must "and explains" "deny" "$(frt check p01 T03 --explain 2>&1)"
    must "the trail is whole" "whole" "$(frt verify 2>&1)"
    must "frtd is not root" "frt +frtd" "$(ps -eo user:20,comm | grep frtd)"
    must "the replica is another" "frt-replica +frt-replica" "$(ps -eo user:20,comm)"

    say "4. a line for PAM"
    mkdir /tmp/pam
    line='account [success=ok new_authtok_reqd=ok ignore=die default=die] pam_frt.so tool=T03-digikam'
    printf 'auth required pam_permit.so\n%s\n' "$line" >/tmp/pam/tried
    must "tried before it is used" "Rule .*Decision|Decision" "$(pam-try --confdir /tmp/pam tried p01 2>&1)"
    cp /etc/pam.d/su /root/su
    echo "$line" >>/etc/pam.d/su
    must "the package cannot be removed from under it" "/etc/pam.d/su" "$(apt-get remove -y -qq frtgate 2>&1)"
    must "and su still says why" "Decision" "$(su - root -c 'echo su works' 2>&1)"
    cp /root/su /etc/pam.d/su

    say "5. the second lock"
    printf '#!/bin/sh\n' >/usr/bin/digikam && chmod 755 /usr/bin/digikam
    must "a tool is locked" "locked" "$(frt tools lock T03-digikam 2>&1)"
    must "for a group" "750 root frt-tools" "$(stat -c '%a %U %G' /usr/bin/digikam)"

    say "broken, and out again"
    kill $frtd && wait $frtd
    cp -a /var/lib/frt/key/slots /root/slots && printf x >/var/lib/frt/key/slots
    frtd --config /etc/frt/frt.conf 2>/tmp/frtd.log
    must "the way out is shown" "frt ack --reason 'WHY'" "$(frt status 2>&1)"
    must "and is one" "Acknowledged" "$(frt ack --reason 'tried the package' 2>&1)"
    must "never called whole again" "BROKEN" "$(frt verify 2>&1)"

    say "removed, purged"
    shown=$(apt-get remove -y -qq frtgate 2>&1) || { echo "FAIL remove: $shown"; bad=1; }
    must "the tool is as it was" "755 root root" "$(stat -c '%a %U %G' /usr/bin/digikam)"
    must "and nothing overrides it" "^over:$" "over:$(dpkg-statoverride --list)"
    must "su works" "su works" "$(su - root -c 'echo su works' 2>&1)"
    must "apt works" "^0 *$" "$(apt-get install -y -qq --reinstall base-files >/dev/null 2>&1; echo $?)"
    must "the trail stays" "the trail stays" "$(apt-get purge -y -qq frtgate frtgate-schema 2>&1)"
    left=$(find / -xdev -name '*frt*' -not -path '/proc/*' -not -path '/root/*' -not -path '/etc/ldap/*' -not -path '/var/lib/frt*' 2>/dev/null)
    must "and nothing else" "^left:$" "left:$left"
    must "su works" "su works" "$(su - root -c 'echo su works' 2>&1)"
    kill "$(cat /run/slapd/slapd.pid)"
    [ $bad -eq 0 ] && echo "all as README.md says"
}

unshare -m -p -f --kill-child --propagation private bash -c '
    mount -t proc proc "$1/proc"
    mount -t tmpfs tmpfs "$1/dev"
    for node in null zero full random urandom tty; do touch "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done
    mount -t tmpfs tmpfs "$1/run"; mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    printf "%s\nwalk\n" "$2" | chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C bash -s
' x "$place/machine" "$(declare -f walk)" | tee "$place/walk.log"
rm -rf "$place/machine" "$place/tree"
grep -q "^all as README.md says" "$place/walk.log"
