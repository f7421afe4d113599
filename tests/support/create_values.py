# SPDX-License-Identifier: Apache-2.0
"""What the differential test writes into the fields of a ContainerCreate: good, bad, and in every spelling that we know of.

@SHARE@ and @FIXED@ are folders that some policies allow (the second read-only), @SECRET@ one that none does; @SOCKET@
is the engine's own, @OTHER@ a container that is there, @HOSTNET@ the ID of the network `host`.
"""

FULL = {
    "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": True, "AttachStderr": True,
    "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": ["sleep", "300"], "Image": "bb",
    "Volumes": {}, "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": {},
    "HostConfig": {
        "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "", "Config": {}}, "NetworkMode": "none",
        "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False,
        "VolumeDriver": "", "VolumesFrom": None, "ConsoleSize": [0, 0], "CapAdd": None, "CapDrop": None,
        "CgroupnsMode": "", "Dns": [], "DnsOptions": [], "DnsSearch": [], "ExtraHosts": None, "GroupAdd": None,
        "IpcMode": "", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False,
        "PublishAllPorts": False, "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "",
        "ShmSize": 0, "Isolation": "", "CpuShares": 0, "Memory": 67108864, "NanoCpus": 0, "CgroupParent": "",
        "BlkioWeight": 0, "BlkioWeightDevice": [], "BlkioDeviceReadBps": [], "BlkioDeviceWriteBps": [],
        "BlkioDeviceReadIOps": [], "BlkioDeviceWriteIOps": [], "CpuPeriod": 0, "CpuQuota": 0, "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "", "Devices": [], "DeviceCgroupRules": None,
        "DeviceRequests": None, "MemoryReservation": 0, "MemorySwap": 0, "MemorySwappiness": -1,
        "OomKillDisable": False, "PidsLimit": 64, "Ulimits": [], "CpuCount": 0, "CpuPercent": 0, "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0, "MaskedPaths": None, "ReadonlyPaths": None,
    },
    "NetworkingConfig": {"EndpointsConfig": {}},
}

# What the docker CLI sends, the least that works, and one that asks for all that `restricted` and `limits` want.
SEEDS = (
    FULL,
    {"Image": "bb", "Cmd": ["sleep", "300"], "HostConfig": {"NetworkMode": "none"}},
    {"Image": "bb", "Cmd": ["sleep", "300"], "User": "1000:1000", "Labels": {"team": "ci"},
     "HostConfig": {"NetworkMode": "none", "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"],
                    "Memory": 67108864, "MemorySwap": 67108864, "PidsLimit": 64, "NanoCpus": 500000000}},
)

CAPABILITIES = ("SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin", "cap_Sys_Admin", "ALL", "all", "All", "CAP_ALL", "NET_ADMIN",
                "NET_RAW", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "BPF", "MAC_ADMIN", "\u017fYS_ADMIN", " SYS_ADMIN",
                "NET_BIND_SERVICE", "CHOWN", "cap_kill", "mknod", "")
NETWORKS = ("host", "Host", "HOST", "@HOSTNET@", "container:@OTHER@", "container:other", "Container:other", "ns:/proc/1/ns/net",
            "none", "bridge", "default", "", "ci-net", "host ", "hos\u0074", "slirp4netns", "pasta", "private", "container:")
MODES = ("ro", "rw", "z", "Z", "rshared", "shared", "rslave", "slave", "private", "rprivate", "nocopy", "ro,rshared",
         "rw,ro", "ro,ro", "U", "O", "consistent", "cached", "delegated", "RO", "", "ro,", "dev", "exec", "suid", "bind", "upperdir=/")
PATHS = ("/", "//", "/.", "/..", "/etc", "/etc/", "//etc", "/proc", "/proc/1/root", "/sys", "/dev", "/dev/sda", "/run",
         "/var/run/docker.sock", "/run/docker.sock", "/var/run", "/var", "/var/lib/docker", "/root", "/home", "@SECRET@",
         "@SECRET@/", "@SHARE@", "@SHARE@/", "@SHARE@/file", "@SHARE@//file", "@SHARE@/./file", "@SHARE@/../secret",
         "@SHARE@/../../etc", "@SHARE@/sub/../../secret", "@SHARE@rd", "@SHARE@/..", "@FIXED@", "@FIXED@/file",
         "@FIXED@/../secret", "@SOCKET@", "@SOCKET@/../docker.sock", "@SHARE@/link", "@SHARE@/link/file", "/usr/share",
         "/opt", "@SHARE@\u0000/x", "@SHARE@\n", "/\u0065tc")
NAMES = ("ci-data", "other-data", "data", ".", "..", "a/b", "./x", "~", "-v", "CI-data", "0")
DESTINATIONS = ("/d", "/d/", "d", "/", "/etc", "/etc/passwd", "/proc", "/proc/sys", "/dev", "/sys", "/usr/bin", "", ".", "/d/../proc")


def _binds():
    found = [f"{path}:/d" for path in PATHS] + [f"{path}:/d:ro" for path in PATHS]
    found += [f"@SHARE@:/d:{mode}" for mode in MODES] + [f"@FIXED@:/d:{mode}" for mode in MODES]
    found += [f"{name}:/d" for name in NAMES] + [f"@SHARE@:{target}" for target in DESTINATIONS]
    return found + list(PATHS) + ["@SHARE@:/d:ro:ro", "@SHARE@/a\\:/b:/d", ":/d", "/::/d", "/:/d:", ":", "C:\\:/d", "ci-data:/d:rshared"]


LOCAL_OPTIONS = (
    {"type": "none", "o": "bind", "device": "/"}, {"type": "none", "o": "rbind,ro", "device": "/etc"},
    {"type": "", "o": "bind", "device": "@SECRET@"}, {"o": "bind", "device": "@SHARE@"}, {"type": "none", "o": "bind", "device": "@SHARE@"},
    {"type": "none", "o": "bind,ro", "device": "@FIXED@"}, {"type": "none", "o": "bind", "device": "@FIXED@"},
    {"type": "none", "o": "bind", "device": "@SHARE@/../secret"}, {"type": "ext4", "device": "/dev/vda"},
    {"type": "overlay", "o": "lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w", "device": "overlay"}, {"type": "proc", "device": "proc"},
    {"type": "nfs", "o": "addr=127.0.0.1", "device": ":/"}, {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"},
    {"type": "bind", "device": "/", "o": "bind"}, {"Type": "none", "O": "bind", "Device": "/"}, {"size": "1m"}, {})


def _mounts():
    found = []
    for path in PATHS:
        found.append({"Type": "bind", "Source": path, "Target": "/d"})
        found.append({"Type": "bind", "Source": path, "Target": "/d", "ReadOnly": True})
    for name in NAMES:
        found.append({"Type": "volume", "Source": name, "Target": "/d"})
    for options in LOCAL_OPTIONS:
        found.append({"Type": "volume", "Target": "/d", "VolumeOptions": {"DriverConfig": {"Options": options}}})
        found.append({"Type": "volume", "Source": "ci-made", "Target": "/d",
                      "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}}})
    for mode in ("shared", "rshared", "slave", "rslave", "private", "rprivate", "RSHARED", ""):
        found.append({"Type": "bind", "Source": "@SHARE@", "Target": "/d", "BindOptions": {"Propagation": mode}})
    for kind in ("Bind", "BIND", "bind ", "npipe", "image", "cluster", "tmpfs", "volume", "glob", "devpts", ""):
        found.append({"Type": kind, "Source": "/", "Target": "/d"})
        found.append({"Type": kind, "Target": "/d"})
    found += [
        {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 65536, "Mode": 1023}},
        {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"Options": [["exec"], ["suid"]]}},
        {"Type": "tmpfs", "Source": "/", "Target": "/t"},
        {"Type": "bind", "Source": "@FIXED@", "Target": "/d", "ReadOnly": True, "BindOptions": {"ReadOnlyNonRecursive": True}},
        {"Type": "bind", "Source": "@SHARE@", "Target": "/d", "BindOptions": {"NonRecursive": True}},
        {"Type": "bind", "Source": "@SHARE@/new", "Target": "/d", "BindOptions": {"CreateMountpoint": True}},
        {"Type": "bind", "Source": "@SHARE@", "Target": "/d", "Consistency": "cached,source=@SECRET@"},
        {"Type": "volume", "Source": "ci-data", "Target": "/d", "Consistency": "x,type=bind,source=/"},
        {"Type": "bind", "Source": "@SHARE@", "Target": "/d", "Consistency": "cached"},
        {"Type": "bind", "Source": "@SHARE@/{{.Service.Name}}", "Target": "/d"},
        {"Type": "volume", "Source": "ci-data", "Target": "/d", "VolumeOptions": {"Subpath": "../.."}},
        {"Type": "volume", "Source": "ci-data", "Target": "/d", "VolumeOptions": {"Subpath": "a", "NoCopy": True}},
        {"Type": "volume", "Source": "ci-data", "Target": "/d", "VolumeOptions": {"Labels": {"a": "b"}}},
        {"Type": "volume", "Target": "/d", "VolumeOptions": {"DriverConfig": {"Name": "sshfs"}}},
        {"type": "bind", "source": "/", "target": "/d"}, {"Type": "volume", "type": "bind", "Source": "/", "Target": "/d"},
        {"Source": "/", "Target": "/d"},
        {"Type": "volume", "Source": "ci-data", "Target": "/d,type=bind,src=/etc"},
        {"Type": "tmpfs", "Target": "/d,type=bind,src=/etc"},
        {"Type": "bind", "Source": "@SHARE@,src=/etc", "Target": "/d"},
        {"Type": "bind", "Source": "@SHARE@,bind-propagation=rshared", "Target": "/d"}]
    return found


VALUES = {
    "Image": ("bb", "bb:latest", "docker.io/library/bb", "docker.io/library/bb:latest", "", "BB", "bb@sha256:" + "0" * 64, "b", "@IMAGE@"),
    "User": ("", "0", "root", "00", "0:0", "1000", "1000:0", " 0", "+0", "-1", "nobody", "1000:1000", "0x0", "4294967296"),
    "WorkingDir": ("/", "/proc/self/fd/8", "/proc/1/cwd", "//proc/self", "/tmp", "/tmp/../proc/self/fd", "/dev/fd/7", "relative"),
    "Labels{}": ("1", "true", ""),
    "Volumes{}": ({},),
    "Env[]": ("A=b", "LD_PRELOAD=/x", "A"),
    "Cmd[]": ("sleep", "300"),
    "HostConfig.Privileged": (True, True, False, None, 1, "true", [True]),
    "HostConfig.Binds[]": _binds(),
    "HostConfig.Binds": (["/:/host"], ["@SHARE@:/d", "/etc:/e"], ["@SHARE@:/d"], [], None, {}, "/:/host", [None], [["/:/host"]]),
    "HostConfig.Mounts[]": _mounts(),
    "HostConfig.Mounts": ([], None, {}),
    "HostConfig.Mounts[].VolumeOptions.DriverConfig.Options": LOCAL_OPTIONS,
    "HostConfig.VolumesFrom": (["other"], ["@OTHER@"], ["other:ro"], [], None, "other"),
    "HostConfig.VolumeDriver": ("", "local", "sshfs", "Local"),
    "HostConfig.Tmpfs{}": ("", "size=1m", "rw,noexec,nosuid,size=64k", "exec", "suid,dev", "exec,size=1m", "mode=1777", "bind", "lowerdir=/"),
    "HostConfig.CapAdd[]": CAPABILITIES,
    "HostConfig.CapAdd": (["ALL"], "ALL", ["NET_BIND_SERVICE"], [], None, {}, ["CHOWN", "SYS_ADMIN"], "chown"),
    "HostConfig.CapDrop": (["ALL"], [], None, ["NET_RAW"], "ALL"),
    "HostConfig.Capabilities": (["CAP_SYS_ADMIN"], [], None),
    "HostConfig.SecurityOpt[]": (
        "seccomp=unconfined", "seccomp:unconfined", "apparmor=unconfined", "apparmor:unconfined", "label=disable", "label:disable",
        "disable", "no-new-privileges", "no-new-privileges=true", "no-new-privileges:true", "no-new-privileges=false",
        "no-new-privileges:false", "seccomp={}", "systempaths=unconfined", "writable-cgroups=true", "label=type:spc_t", "mask=/x",
        "unmask=ALL", "credentialspec=file://x", "proc-opts=hidepid=0", "SECCOMP=unconfined", "no-new-privileges:1", "seccomp=:unconfined"),
    "HostConfig.SecurityOpt": (["seccomp=unconfined"], [], None, ["no-new-privileges", "no-new-privileges=false"], "seccomp=unconfined"),
    "HostConfig.MaskedPaths": ([], None, ["/proc/kcore"], [""], {}, ""),
    "HostConfig.ReadonlyPaths": ([], None, ["/proc/bus"], [""], {}, ""),
    "HostConfig.Sysctls{}": ("1", "0", "", "1024 65535"),
    "HostConfig.Runtime": ("", "runc", "crun", "kata", "nvidia", "io.containerd.runc.v2", "io.containerd.runtime.v1.linux", "/bin/sh", "here", "../runc"),
    "HostConfig.Annotations": ({"a": "b"}, {}, None, {"io.podman.annotations.privileged": "TRUE"}, {"run.oci.keep_original_groups": "1"}),
    "HostConfig.GroupAdd": (["0"], ["disk"], [], None, ["keep-groups"]),
    "HostConfig.PidMode": ("host", "HOST", "Host", "container:@OTHER@", "container:other", "private", "", "host ", "ns:/proc/1/ns/pid"),
    "HostConfig.IpcMode": ("host", "shareable", "container:other", "container:@OTHER@", "private", "none", "", "Host", "ns:/proc/1/ns/ipc"),
    "HostConfig.UTSMode": ("host", "HOST", "", "private", "ns:/proc/1/ns/uts", "container:other"),
    "HostConfig.UsernsMode": ("host", "", "private", "HOST", "keep-id", "auto"),
    "HostConfig.CgroupnsMode": ("host", "private", "", "HOST", "container:other"),
    "HostConfig.Cgroup": ("container:other", "", "host"),
    "HostConfig.NetworkMode": NETWORKS,
    "HostConfig.Links": (["other"], ["other:x"], [], None),
    "HostConfig.PortBindings": ({"80/tcp": [{"HostPort": "80"}]}, {"80/tcp": None}, {}, {"80/tcp": []}, {"80": [{"HostIp": "127.0.0.1", "HostPort": "8000"}]},
                                {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000-8001"}]}, {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "22"}]}),
    "HostConfig.PublishAllPorts": (True, False, None),
    "HostConfig.ExtraHosts": (["a:127.0.0.1"], ["a:host-gateway"], [], None),
    "HostConfig.LogConfig.Type": ("syslog", "gelf", "fluentd", "json-file", "local", "none", "journald", "", "awslogs", "splunk", "passthrough", "k8s-file"),
    "HostConfig.LogConfig.Config{}": ("1m", "tcp://127.0.0.1:1", "unix:///run/x", "env", ".*", "/etc/passwd"),
    "HostConfig.LogConfig": ({"Type": "syslog", "Config": {"syslog-address": "unix:///dev/log"}}, {"Type": "json-file", "Config": {"max-size": "1m"}},
                             {"Type": "k8s-file", "Config": {"path": "/etc/passwd"}}, None),
    "HostConfig.OomScoreAdj": (-1000, -1, 0, 500),
    "HostConfig.OomKillDisable": (True, False, None),
    "HostConfig.StorageOpt{}": ("1G", "/", ""),
    "HostConfig.Isolation": ("", "default", "hyperv", "process"),
    "HostConfig.ContainerIDFile": ("", "/etc/x"),
    "HostConfig.CgroupParent": ("", "/", "../../..", "/system.slice", "docker", "x"),
    "HostConfig.Devices": ([], None, [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]),
    "HostConfig.Devices[]": (
        {"PathOnHost": "/dev/null", "PathInContainer": "/dev/xnull", "CgroupPermissions": "rwm"}, {"PathOnHost": "/dev/mem"},
        {"PathOnHost": "/dev/vda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}, {"PathOnHost": "/dev", "PathInContainer": "/dev/h"},
        {"PathOnHost": "/dev/../dev/mem", "PathInContainer": "/dev/m", "CgroupPermissions": "r"}, {"PathInContainer": "/dev/m"}, {},
        {"PathOnHost": "/dev//null", "PathInContainer": "/dev/n", "CgroupPermissions": "rw"}, {"PathOnHost": "/dev/null/../mem"}),
    "HostConfig.DeviceCgroupRules": (["a *:* rwm"], ["c 1:3 rwm"], ["b 8:* rwm"], [], None, ""),
    "HostConfig.DeviceRequests": ([{"Count": -1, "Capabilities": [["gpu"]]}], [{"Driver": "cdi", "DeviceIDs": ["a/b=c"]}], [], None, [{}]),
    "HostConfig.Memory": (0, 67108864, 536870912, 536870913, 1 << 40, -1),
    "HostConfig.MemorySwap": (0, -1, 67108864, 536870912, 1 << 40),
    "HostConfig.MemoryReservation": (0, 8388608, 1 << 40, -1),
    "HostConfig.NanoCpus": (0, 500000000, 2000000000, 2000000001, -1),
    "HostConfig.CpuQuota": (0, 50000, 200000, 200001, -1),
    "HostConfig.CpuPeriod": (0, 100000, 1000, 1000000),
    "HostConfig.PidsLimit": (0, -1, 64, 256, 257, None),
    "HostConfig.Ulimits": ([{"Name": "nofile", "Soft": 64, "Hard": 64}], [], None),
    "HostConfig.BlkioWeightDevice": ([{"Path": "/dev/vda", "Weight": 100}], [{"Path": "/etc/shadow", "Weight": 100}], [], None),
    "HostConfig.BlkioDeviceReadBps": ([{"Path": "/dev/vda", "Rate": 1024}], [{"Path": "/root/x", "Rate": 1}], []),
    "HostConfig.CpuRealtimeRuntime": (0, 950000),
    "HostConfig.RestartPolicy.Name": ("no", "always", "unless-stopped", "on-failure", "", "Always"),
    "HostConfig.LxcConf": ([], None, [{"Key": "a", "Value": "b"}]),
    "HostConfig": (None, {}, [], "", {"Privileged": True}, {"NetworkMode": "none"}),
    "NetworkingConfig.EndpointsConfig{}": ({}, None, {"NetworkID": "@HOSTNET@"}, {"DriverOpts": {"com.docker.network.endpoint.sysctls": "net.ipv4.conf.all.x=1"}},
                                           {"IPAMConfig": {"IPv4Address": "10.0.0.1"}}, {"Aliases": ["db"]}),
    "NetworkingConfig.EndpointsConfig": ({"host": {}}, {"none": {}}, {}, None),
    "NetworkingConfig.EndpointsConfig{}.NetworkID": ("host", "@HOSTNET@", "none"),
    "NetworkingConfig": (None, {}, []),
    "Cpuset": ("0", ""),
    "PortSpecs": ([], None, ["80:80"]),
    "MacAddress": ("", "02:42:ac:11:00:02"),
}

KEYS = {
    "Labels{}": ("team", "traefik.enable", "Traefik.Enable", "com.docker.compose.project", "a"),
    "Volumes{}": ("/data", "/", "/etc:/host", "/proc", "data", "/d:/e:ro", "/d,src=/etc"),
    "HostConfig.Tmpfs{}": ("/t", "/", "/proc", "/dev", "/etc", "t"),
    "HostConfig.Sysctls{}": (
        "net.core.somaxconn", "kernel.core_pattern", "kernel/core_pattern", "kernel.msgmax", "kernel/msgmax", "net.ipv4.ip_forward",
        "net.ipv4.ip_unprivileged_port_start", "net/ipv4/ip_unprivileged_port_start", "net.ipv4.ip_local_port_range", "vm.swappiness",
        "kernel.shm_rmid_forced", "fs.mqueue.msg_max", "KERNEL.MSGMAX", "kernel.shm_rmid_forced.x", "kernel..msgmax"),
    "HostConfig.LogConfig.Config{}": ("max-size", "max-file", "syslog-address", "gelf-address", "fluentd-address", "env", "env-regex",
                                      "labels-regex", "labels", "tag", "path", "Max-Size", "mode"),
    "HostConfig.StorageOpt{}": ("size", "overlay2.x"),
    "HostConfig.PortBindings{}": ("80/tcp", "80", "22/udp"),
    "NetworkingConfig.EndpointsConfig{}": ("none", "host", "bridge", "ci-net", "@HOSTNET@", "container:other"),
}

# All that is harmless under `baseline`, and what only some policy allows.
HARMLESS = (
    ("Hostname", "h"), ("Env[]", "A=b"), ("Labels{}", "1"), ("Tty", True), ("OpenStdin", True), ("StopSignal", "SIGINT"), ("StopTimeout", 5),
    ("WorkingDir", "/tmp"), ("User", "1000"), ("User", "0"), ("ExposedPorts", {"80/tcp": {}}), ("Volumes", {"/data": {}}),
    ("Healthcheck", {"Test": ["NONE"]}), ("HostConfig.CapDrop", ["ALL"]), ("HostConfig.CapAdd", ["NET_BIND_SERVICE"]),
    ("HostConfig.CapAdd", ["chown", "CAP_KILL"]), ("HostConfig.SecurityOpt", ["no-new-privileges:true"]), ("HostConfig.Memory", 33554432),
    ("HostConfig.MemorySwap", 67108864), ("HostConfig.PidsLimit", 32), ("HostConfig.NanoCpus", 1000000000), ("HostConfig.IpcMode", "private"),
    ("HostConfig.IpcMode", "none"), ("HostConfig.IpcMode", "shareable"), ("HostConfig.ReadonlyRootfs", True), ("HostConfig.Init", False),
    ("HostConfig.RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 2}), ("HostConfig.Dns", ["1.1.1.1"]), ("HostConfig.ExtraHosts", ["a:127.0.0.1"]),
    ("HostConfig.LogConfig", {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}), ("HostConfig.LogConfig", {"Type": "local", "Config": {}}),
    ("HostConfig.LogConfig", {"Type": "none", "Config": {}}), ("HostConfig.Tmpfs", {"/t": "rw,noexec,nosuid,size=64k"}), ("HostConfig.ShmSize", 1048576),
    ("HostConfig.Mounts", [{"Type": "tmpfs", "Target": "/t"}]), ("HostConfig.Mounts", [{"Type": "volume", "Source": "ci-data", "Target": "/d"}]),
    ("HostConfig.Mounts", [{"Type": "volume", "Target": "/d"}]), ("HostConfig.Binds", ["ci-data:/d"]), ("HostConfig.Binds", ["@SHARE@:/d"]),
    ("HostConfig.Binds", ["@SHARE@/file:/f:ro"]), ("HostConfig.Binds", ["@FIXED@:/d:ro"]), ("HostConfig.Mounts", [{"Type": "bind", "Source": "@SHARE@", "Target": "/d"}]),
    ("HostConfig.Mounts", [{"Type": "bind", "Source": "@FIXED@/file", "Target": "/d", "ReadOnly": True}]), ("HostConfig.Sysctls", {"net.ipv4.ip_unprivileged_port_start": "0"}),
    ("HostConfig.Ulimits", [{"Name": "nofile", "Soft": 64, "Hard": 64}]), ("HostConfig.OomScoreAdj", 100), ("HostConfig.AutoRemove", False),
    ("HostConfig.CpuShares", 128), ("HostConfig.PidMode", ""), ("HostConfig.UTSMode", ""), ("NetworkingConfig.EndpointsConfig", {"none": {}}),
    ("HostConfig.Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/xnull", "CgroupPermissions": "rw"}]),
    ("HostConfig.PortBindings", {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}]}), ("HostConfig.CapAdd", ["NET_ADMIN"]),
)

BY_TYPE = {
    "BOOL": (True, False, None),
    "INTEGER": (0, 1, -1, 1 << 31, (1 << 63) - 1, -(1 << 63), 1.0, None),
    "REAL": (0, 0.5, None),
    "STRING": ("", "x", "host", "/", "@SECRET@", None, "\u0000", "a" * 300),
    "STRSLICE": ("", "x", "ALL", None),
    "ARRAY": ([], None, ["x"], [None]),
    "MAP": ({}, None, {"a": "b"}),
    "OBJECT": ({}, None),
}

ODD = (None, True, False, 0, 1, -1, 1.5, 1e300, "", "true", "x", [], {}, [[]], [None], [{}], {"": None}, ["ALL"], {"a": "b"}, 1 << 70)

UNKNOWN = (["Unheard", 1], ["Privileged ", True], ["HostConfig.Privileged", True], ["", {}], ["hostconfig_", {}], ["CapAdd\u0000", ["ALL"]],
           ["X", {"Y": [1]}], ["UnsafeSomething", "yes"], ["IDMappings", {}], ["__proto__", {"Privileged": True}])


def of(path):
    return VALUES.get(path) or VALUES.get("HostConfig." + path)


def keys_of(path):
    end = path.rindex("{}") + 2
    return KEYS.get(path[:end]) or KEYS.get("HostConfig." + path[:end]) or ("a", "none", "")
