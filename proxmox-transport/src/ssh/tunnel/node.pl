# What the tunnel has to know of the node. Read by perl from its standard input, as it is.
# Arguments: the root of the node's files, the port of pveproxy, and "ticket" where a session of root@pam is wanted.
use strict;
use warnings;
my ($root, $port, $want) = @ARGV;

sub content {
    my ($path) = @_;
    open(my $file, '<', $root . $path) or return '';
    local $/ = undef;
    my $text = <$file>;
    return defined($text) ? $text : '';
}

# The first certificate is the one that is served.
sub certificate {
    my ($text) = @_;
    return unless $text =~ /-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----/s;
    (my $base64 = $1) =~ s/\s+//g;
    return $base64;
}

my $listen = '127.0.0.1';
$listen = $1 if content('/etc/default/pveproxy') =~ /^\s*LISTEN_IP\s*=\s*["']?\[?([0-9a-fA-F.:]+)/m;
$listen = '127.0.0.1' if $listen eq '0.0.0.0' || $listen eq '::';

# A certificate of the administrator's own goes before the cluster's.
my $local = '/etc/pve/local';
my $own = -f "$root$local/pveproxy-ssl.pem" && -f "$root$local/pveproxy-ssl.key";
my $found = certificate(content($own ? "$local/pveproxy-ssl.pem" : "$local/pve-ssl.pem"));
if (!defined($found) && $want ne 'ticket') {
    # Not root: then what is served here is what can be known.
    my $address = $listen =~ /:/ ? "[$listen]:$port" : "$listen:$port";
    $found = certificate(scalar `openssl s_client -connect '$address' </dev/null 2>/dev/null`);
}

my %say = (listen => $listen, certificate => $found);
if ($want eq 'ticket') {
    require PVE::AccessControl;
    $say{ticket} = PVE::AccessControl::assemble_ticket('root@pam');
    $say{csrf} = PVE::AccessControl::assemble_csrf_prevention_token('root@pam');
}
for my $key (sort keys %say) {
    print "$key $say{$key}\n" if defined($say{$key});
}
