use strict;
my $root = shift @ARGV;
binmode($_) for *STDIN, *STDOUT;
sub answer { my ($said, @parts) = @_; print "\0proxmox-sdk pct: ", join(" ", $said, map { length } @parts), "\n", @parts; exit 0 }
sub take {
    my ($all, $length) = ("", @_);
    while (length($all) < $length) { sysread(STDIN, $all, $length - length($all), length($all)) or answer("cut") }
    return $all;
}
my ($node, $what, $vmid, $output, $longest, $given, @words) = unpack("(N/a*)*", take(unpack("N", take(4))));
my $pct = "$root/usr/sbin/pct";
my $here = readlink("$root/etc/pve/local") // "";
$here =~ s{.*/}{};
answer("nothing") unless $here ne "" && -x $pct;
answer("elsewhere $here") unless $here eq $node;
open(my $file, "+>", undef) or answer("unable $!");
binmode($file);
print {$file} $given;
seek($file, 0, 0) && $file->flush() or answer("unable $!");
my $path = "/proc/$$/fd/" . fileno($file);
my @command = ($pct, $what, $vmid);
if ($what eq "exec") { push @command, "--", @words }
elsif ($what eq "push") { push @command, $path, @words }
else { push @command, @words, $path; unshift @command, "/bin/sh", "-c", 'ulimit -f "$1" && shift && exec "$@"', "sh", int($longest / 512) + 2 }
%ENV = (HOME => "/root", LC_ALL => "C.UTF-8", PATH => "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
my (@ends, @kept, @cut);
for (0, 1) { pipe($ends[$_][0], $ends[$_][1]) or answer("unable $!"); ($kept[$_], $cut[$_]) = ("", 0) }
my $pid = fork() // answer("unable $!");
if (!$pid) {
    $what eq "exec" ? open(STDIN, "<&", $file) : open(STDIN, "<", "/dev/null");
    open(STDOUT, ">&", $ends[0][1]);
    open(STDERR, ">&", $ends[1][1]);
    exec { $command[0] } @command or print(STDERR "$!\n"), kill("KILL", $$);
}
close($ends[$_][1]) for 0, 1;
my ($status, %open) = (undef, map { fileno($ends[$_][0]) => $_ } 0, 1);
while (%open) {
    my $bits = "";
    vec($bits, $_, 1) = 1 for keys %open;
    my $ready = select($bits, undef, undef, 0.25);
    last if $ready == 0 && defined $status;
    $status = $? if !defined $status && waitpid($pid, 1) == $pid;
    for my $fd ($ready > 0 ? grep { vec($bits, $_, 1) } keys %open : ()) {
        my $which = $open{$fd};
        if (sysread($ends[$which][0], my $part, 65536)) {
            my $room = $output - length($kept[$which]);
            $cut[$which] = 1 if length($part) > $room;
            $kept[$which] .= substr($part, 0, $room) if $room > 0;
        } else { delete $open{$fd} }
    }
}
if (!defined $status) { waitpid($pid, 0); $status = $? }
my $exit = $status & 127 ? 128 + ($status & 127) : $status >> 8;
my $content = "";
if ($what eq "pull") {
    answer("long") if -s $file > $longest;
    seek($file, 0, 0);
    local $/ = undef;
    $content = <$file> // "";
}
answer("done $exit $cut[0] $cut[1]", @kept, $content);
