# SPDX-License-Identifier: Apache-2.0
"""What a policy lets a container become, held against what the engine says that it became.

Nothing here reads the gate's code or tables: the policies of differential.yaml are told again, as what an inspect may
show. A field of an inspect that isn't named here must be as in a container that asked for nothing (the reference), so
that what a newer engine adds is noticed.
"""

import os
import posixpath
import re

SAFE_SYSCTLS = {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
                "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
                "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
                "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
BASELINE = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
            "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
GIVES_THE_HOST_AWAY = ("/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers")
MIB = 1 << 20

# Nothing to do with the host, whatever their value.
FREE = {"CpuShares", "Memory", "MemoryReservation", "MemorySwap", "MemorySwappiness", "KernelMemory", "KernelMemoryTCP",
        "NanoCpus", "CpuPeriod", "CpuQuota", "CpusetCpus", "CpusetMems", "CpuCount", "CpuPercent", "IOMaximumIOps",
        "IOMaximumBandwidth", "PidsLimit", "BlkioWeight", "Ulimits", "CapDrop", "Dns", "DnsOptions", "DnsSearch",
        "AutoRemove", "ConsoleSize", "Init", "ReadonlyRootfs", "ShmSize"}
# Empty in one of the ways in which engines say so.
EMPTY = ("Devices", "DeviceCgroupRules", "DeviceRequests", "VolumesFrom", "Links", "CgroupParent", "Cgroup", "LxcConf",
         "ContainerIDFile", "Capabilities", "BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps",
         "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps", "CpuRealtimePeriod", "CpuRealtimeRuntime", "DiskQuota",
         "OomKillDisable", "Privileged", "PublishAllPorts")


class Meaning:
    """What one policy allows beyond nothing."""

    def __init__(self, **given):
        self.capabilities = BASELINE
        self.binds = ()  # (path, read-only)
        self.bind_anything = False
        self.volumes = None  # a regular expression of names
        self.devices = ()
        self.networks = None
        self.ipc = {"private", "none"}
        self.sysctls = SAFE_SYSCTLS
        self.logs = {"", "json-file", "local", "journald", "none"}
        self.runtimes = {"runc"}
        self.ports = None  # (address, first, last)
        self.labels_denied = ("ofelia.", "traefik.", "com.centurylinklabs.watchtower", "com.docker.swarm.")
        self.limits = False
        self.non_root = False
        self.groups = False
        self.hard = False
        for name, value in given.items():
            assert hasattr(self, name), name
            setattr(self, name, value)


def meanings(share, fixed):
    return {
        "plain": Meaning(),
        "binds": Meaning(binds=((share, False), (fixed, True))),
        "wide": Meaning(bind_anything=True),
        "keys": Meaning(capabilities={"NET_ADMIN"}, volumes="ci-[^/]*", devices=("/dev/null",), networks=r"none|ci-[^/]*",
                        ipc={"private", "none", "shareable"}, sysctls={"kernel.msgmax"}, logs={"", "json-file"}, runtimes=set(),
                        ports=("127.0.0.1", 8000, 8999), labels_denied="traefik."),
        "limits": Meaning(limits=True, non_root=True),
        "hard": Meaning(hard=True, non_root=True, capabilities={"NET_BIND_SERVICE"}),
    }


def clean(path):
    """As Go's filepath.Clean; normpath alone keeps two slashes at the front."""
    return re.sub("^/+", "/", posixpath.normpath(path))


def is_in(path, folder):
    return path == folder or folder == "/" or path.startswith(folder + "/")


class Inspection:
    """One container against one policy. `found` has what is beyond it."""

    def __init__(self, inspect, reference, meaning, world):
        self.inspect, self.meaning, self.world = inspect, meaning, world
        self.host, self.usual = inspect["HostConfig"], reference["HostConfig"]
        self.found = []
        self.must_start = False  # an inspect doesn't tell
        self.judged = set()
        for part in (self.empty, self.namespaces, self.networks, self.confinement, self.binds, self.mounts, self.things,
                     self.limits, self.config, self.the_rest):
            part()

    def say(self, field, value):
        self.found.append(f"{field}={value!r}")

    def of(self, field):
        """A field of HostConfig; what nobody asks for is the_rest()'s."""
        self.judged.add(field)
        return self.host.get(field)

    def want(self, field, allowed):
        value = self.of(field)
        if value not in allowed and value != self.usual.get(field):
            self.say(field, value)

    def empty(self):
        for field in EMPTY:
            if field == "Devices" and self.meaning.devices:
                continue
            if self.of(field) and self.host[field] != self.usual.get(field):
                self.say(field, self.host[field])

    def namespaces(self):
        self.want("PidMode", {"", "private"})
        self.want("IpcMode", {"", *self.meaning.ipc})
        self.want("UTSMode", {"", "private"})
        self.want("UsernsMode", {"", "private"})
        self.want("CgroupnsMode", {"", "private"})
        self.want("Isolation", {"", "default"})

    def network_is_allowed(self, name):
        # By its ID it gives no host namespace (T-077); what runs must show that.
        self.must_start = self.must_start or name in self.world.host_networks
        if ":" in name or re.sub(r"\W", "", name).lower() == "host":
            return False
        return self.meaning.networks is None or name in ("", "default") or bool(re.fullmatch(self.meaning.networks, name))

    def networks(self):
        networks = (self.inspect.get("NetworkSettings") or {}).get("Networks") or {}
        mode = self.of("NetworkMode")
        # Each engine names its own default.
        if mode != self.world.default_network and not self.network_is_allowed(mode):
            self.say("NetworkMode", mode)
        for name, endpoint in networks.items():
            if mode in self.world.host_networks and name == "host":
                continue
            if name != self.world.default_network and not self.network_is_allowed(name):
                self.say("Networks", name)
            if (endpoint or {}).get("DriverOpts"):
                self.say(f"Networks[{name}].DriverOpts", endpoint["DriverOpts"])
            self.must_start = self.must_start or (endpoint or {}).get("NetworkID") in self.world.host_networks

    def confinement(self):
        for name in self.of("CapAdd") or []:
            if re.sub("^CAP_", "", name.upper()) not in self.meaning.capabilities:
                self.say("CapAdd", name)
        for option in self.of("SecurityOpt") or []:
            if option not in ("no-new-privileges", "no-new-privileges=true", "no-new-privileges:true") \
                    and option not in (self.usual.get("SecurityOpt") or []):
                self.say("SecurityOpt", option)
        for field in ("MaskedPaths", "ReadonlyPaths"):
            # Where the engine shows them in an inspect, they are the usual ones and not none.
            if self.of(field) != self.usual.get(field):
                self.say(field, self.host.get(field))
        self.want("Runtime", {None, "", *self.meaning.runtimes})
        self.want("Annotations", (None, {}))
        for key in self.of("Sysctls") or {}:
            if key.replace("/", ".") not in self.meaning.sysctls:
                self.say("Sysctls", key)
        # All were dropped, however this engine writes it.
        kept = self.world.dropped - {re.sub("^CAP_", "", c.upper()) for c in self.host.get("CapDrop") or []}
        if self.meaning.hard and not kept <= self.meaning.capabilities:
            self.say("CapDrop", self.host.get("CapDrop"))
        if self.meaning.hard and not [o for o in self.host.get("SecurityOpt") or [] if o.startswith("no-new-privileges")]:
            self.say("SecurityOpt", self.host.get("SecurityOpt"))

    # Files of the host

    def bind(self, where, source, readonly):
        path = clean(source)
        for real in {path, os.path.realpath(path.split("\0")[0])} if self.meaning.binds else {path}:
            if self.meaning.bind_anything:
                bad = [p for p in (*GIVES_THE_HOST_AWAY, *self.world.protected) if is_in(real, p) or is_in(p, real)]
                if bad or "\0" in real:
                    self.say(where, f"{source} gives away {bad}")
                continue
            # A link below an allowed tree is the manual's to warn of: the letters are what is compared.
            real = path if self.world.has_link(path) else real
            if not [1 for folder, only in self.meaning.binds if is_in(real, folder) and (readonly or not only)]:
                self.say(where, f"{source}, {'read-only' if readonly else 'writable'}")

    def volume_name(self, where, name):
        if self.world.names_anonymous_volumes and re.fullmatch("[0-9a-f]{64}", name):
            return
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
            self.say(where, name)
        elif self.meaning.volumes is not None and not re.fullmatch(self.meaning.volumes, name):
            self.say(where, name)

    def modes(self, where, modes):
        for mode in modes:
            if mode in ("z", "Z", "U", "O", "shared", "rshared", "slave", "rslave", "dev", "exec", "suid"):
                self.say(where, mode)

    def binds(self):
        for text in self.of("Binds") or []:
            parts = text.split(":")
            modes = parts[2].split(",") if len(parts) > 2 else []
            if len(parts) > 3:
                self.say("Binds", text)
            if len(parts) > 1 and parts[0].startswith("/"):
                self.bind("Binds", parts[0], "ro" in modes)
            elif len(parts) > 1:
                self.volume_name("Binds", parts[0])
            self.modes("Binds", [m for m in modes if m not in self.world.bind_modes])

    def mounts(self):
        for mount in self.of("Mounts") or []:
            kind, volume = mount.get("Type"), mount.get("VolumeOptions") or {}
            options = mount.get("BindOptions") or {}
            if kind == "bind":
                self.bind("HostConfig.Mounts", mount.get("Source", ""),
                          bool(mount.get("ReadOnly")) and not options.get("ReadOnlyNonRecursive"))
                if options.get("Propagation") not in (None, "", "private", "rprivate") or options.get("CreateMountpoint"):
                    self.say("HostConfig.Mounts", options)
            elif kind == "volume":
                if mount.get("Source"):
                    self.volume_name("HostConfig.Mounts", mount["Source"])
                driver = volume.get("DriverConfig") or {}
                if driver.get("Name") not in (None, "", "local"):
                    self.say("HostConfig.Mounts", driver)
                self.volume_options("HostConfig.Mounts", driver.get("Options"))
            elif kind != "tmpfs" or mount.get("Source") or (mount.get("TmpfsOptions") or {}).get("Options"):
                self.say("HostConfig.Mounts", mount)
        # What the engine made of all of these.
        for mount in self.inspect.get("Mounts") or []:
            kind, target = mount.get("Type"), clean(mount.get("Destination") or "/x")
            if is_in(target, "/proc") or is_in(target, "/dev") and not is_in(target, "/dev/shm"):
                self.say("Mounts.Destination", target)
            if kind == "bind":
                self.bind("Mounts", mount["Source"], not mount["RW"])
                if mount.get("Propagation") not in ("", "private", "rprivate"):
                    self.say("Mounts.Propagation", mount["Propagation"])
                self.modes("Mounts.Mode", [m for m in mount.get("Mode", "").split(",") if m not in self.world.bind_modes])
            elif kind == "volume":
                if mount.get("Driver") not in ("", "local"):
                    self.say("Mounts.Driver", mount["Driver"])
                if not re.fullmatch("[0-9a-f]{64}", mount.get("Name", "")):
                    self.volume_name("Mounts.Name", mount.get("Name", ""))
                self.volume_options("volume " + mount["Name"], self.world.volume_options(mount["Name"]))
            elif kind != "tmpfs":
                self.say("Mounts", mount)

    def volume_options(self, where, options):
        """None, or a bind mount of a path that the policy allows."""
        if not options:
            return
        flags = options.get("o", "").split(",")
        if set(options) - {"type", "o", "device"} or options.get("type") not in (None, "", "none") or "bind" not in flags:
            self.say(where, options)
        else:
            self.bind(where, options.get("device", ""), "ro" in flags)

    # The rest

    def things(self):
        self.want("VolumeDriver", {"", "local"})
        for target, options in (self.of("Tmpfs") or {}).items():
            if {"exec", "suid", "dev"} & set(options.split(",")) or "bind" in options or "dir=" in options:
                self.say("Tmpfs", f"{target}: {options}")
        if self.meaning.devices:
            for device in self.of("Devices") or []:
                if clean(device["PathOnHost"]) not in self.meaning.devices:
                    self.say("Devices", device)
        for host in self.of("ExtraHosts") or []:
            if not re.fullmatch(r"[^:]+:[0-9a-fA-F.:\[\]]+", host):
                self.say("ExtraHosts", host)
        if set(self.of("StorageOpt") or {}) - {"size"}:
            self.say("StorageOpt", self.host["StorageOpt"])
        if self.of("GroupAdd") and not self.meaning.groups:
            self.say("GroupAdd", self.host["GroupAdd"])
        log = self.of("LogConfig") or {}
        if log.get("Type") not in self.meaning.logs and log.get("Type") != self.usual["LogConfig"].get("Type"):
            self.say("LogConfig.Type", log)
        if set(log.get("Config") or {}) - {"max-size", "max-file", "compress", "labels", "tag", "mode", "max-buffer-size"} \
                and log != self.usual["LogConfig"]:
            self.say("LogConfig.Config", log)
        if (self.of("OomScoreAdj") or 0) < 0:
            self.say("OomScoreAdj", self.host["OomScoreAdj"])
        self.of("RestartPolicy")
        for port, bindings in (self.of("PortBindings") or {}).items():
            for binding in bindings or []:
                self.port(port, binding)

    def port(self, port, binding):
        allowed, numbers = self.meaning.ports, re.fullmatch(r"(\d+)(?:-(\d+))?", binding.get("HostPort") or "")
        if not allowed or not numbers or binding.get("HostIp") != allowed[0] \
                or not allowed[1] <= int(numbers[1]) <= int(numbers[2] or numbers[1]) <= allowed[2]:
            self.say("PortBindings", f"{port}: {binding}")

    def limits(self):
        if not self.meaning.limits:
            return
        memory, swap, pids = (self.host.get(name) or 0 for name in ("Memory", "MemorySwap", "PidsLimit"))
        if not 0 < memory <= 512 * MIB or not 0 <= swap <= 1024 * MIB or not 0 < pids <= 256:
            self.say("limits", f"Memory {memory}, MemorySwap {swap}, PidsLimit {pids}")
        nano, quota, period = (self.host.get(name) or 0 for name in ("NanoCpus", "CpuQuota", "CpuPeriod"))
        if not 0 < nano <= 2 * 10**9 and not 0 < quota <= 2 * (period or 100000):
            self.say("limits", f"NanoCpus {nano}, CpuQuota {quota}, CpuPeriod {period}")

    def config(self):
        config = self.inspect["Config"]
        if self.meaning.non_root and not re.fullmatch(r"0*[1-9]\d*(:.*)?", config.get("User") or ""):
            self.say("User", config.get("User"))
        folder = clean(config.get("WorkingDir") or "/")
        if is_in(folder, "/proc") or is_in(folder, "/dev/fd"):
            self.say("WorkingDir", config["WorkingDir"])
        for label in config.get("Labels") or {}:
            if self.meaning.labels_denied and label.lower().startswith(self.meaning.labels_denied):
                self.say("Labels", label)

    def the_rest(self):
        for field, value in self.host.items():
            if field not in self.judged and field not in FREE and value != self.usual.get(field):
                self.say(f"HostConfig.{field}, which became.py doesn't know", value)
