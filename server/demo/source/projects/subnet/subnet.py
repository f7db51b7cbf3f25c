#!/usr/bin/env python3
"""حاسبة الشبكات الفرعية: معلومات وتقسيم وتخطيط ودمج."""
import argparse
import ipaddress as ip
import sys


def usable(net):
    """عدد عناوين الأجهزة."""
    if net.version == 6 or net.prefixlen >= net.max_prefixlen - 1:
        return net.num_addresses
    return net.num_addresses - 2


def info(text):
    interface = ip.ip_interface(text)
    net = interface.network
    first, last = net[0], net[-1]
    if usable(net) != net.num_addresses:
        first, last = net[1], net[-2]
    rows = [("العنوان", interface.ip), ("الشبكة", net), ("القناع", net.netmask),
            ("القناع المعكوس", net.hostmask), ("أول جهاز", first), ("آخر جهاز", last),
            ("عدد الأجهزة", usable(net)), ("خاص؟", "نعم" if net.is_private else "لا")]
    if net.version == 4 and usable(net) != net.num_addresses:
        rows.insert(4, ("البث", net.broadcast_address))
    return rows


def split(text, parts):
    """أصغر تقسيم متساوٍ يعطي العدد المطلوب على الأقل."""
    net = ip.ip_network(text)
    if parts < 1:
        raise ValueError("عدد الأقسام يبدأ من 1")
    bits = (parts - 1).bit_length()
    if net.prefixlen + bits > net.max_prefixlen:
        raise ValueError(f"الشبكة {net} لا تنقسم إلى {parts}")
    return list(net.subnets(prefixlen_diff=bits))


def plan(text, needs):
    """توزيع VLSM: يعيد ([(الاسم، المطلوب، الشبكة)]، [الشبكات الباقية])."""
    free = [ip.ip_network(text)]
    result = []
    for name, hosts in sorted(needs, key=lambda n: -n[1]):
        if hosts < 1:
            raise ValueError(f"عدد أجهزة غير صالح: {name}")
        top = free[0].max_prefixlen if free else 32
        extra = 2 if top == 32 and hosts != 2 else 0  # جهازان اثنان: وصلة /31
        length = top - (hosts + extra - 1).bit_length()
        fitting = [n for n in free if n.prefixlen <= length]
        if not fitting:
            raise ValueError(f"لا مكان للقسم «{name}» ({hosts} جهازًا)")
        home = max(fitting, key=lambda n: (n.prefixlen, -int(n[0])))  # أضيق فراغ يسعه
        free.remove(home)
        chosen = next(home.subnets(new_prefix=length))
        if chosen != home:
            free.extend(home.address_exclude(chosen))
        free.sort()
        result.append((name, hosts, chosen))
    return result, list(ip.collapse_addresses(free))


def merge(texts):
    return list(ip.collapse_addresses(ip.ip_network(t) for t in texts))


def main(argv=None):
    p = argparse.ArgumentParser(prog="subnet", description="حاسبة الشبكات الفرعية")
    sub = p.add_subparsers(dest="command", required=True)
    c = sub.add_parser("info", help="كل ما يُعرف عن عنوان")
    c.add_argument("address")
    c = sub.add_parser("split", help="تقسيم متساوٍ")
    c.add_argument("network")
    c.add_argument("--into", type=int, required=True)
    c = sub.add_parser("plan", help="توزيع على أقسام متفاوتة")
    c.add_argument("network")
    c.add_argument("needs", nargs="+", metavar="اسم=عدد")
    c = sub.add_parser("merge", help="دمج شبكات متجاورة")
    c.add_argument("networks", nargs="+")
    a = p.parse_args(argv)
    try:
        if a.command == "info":
            for key, value in info(a.address):
                print(f"{key}: {value}")
        elif a.command == "split":
            for net in split(a.network, a.into):
                print(f"{net}  ({usable(net)})")
        elif a.command == "plan":
            needs = []
            for text in a.needs:
                name, _, number = text.rpartition("=")
                if not name or not number.isdigit():
                    raise ValueError(f"الصيغة اسم=عدد، لا «{text}»")
                needs.append((name, int(number)))
            chosen, free = plan(a.network, needs)
            for name, hosts, net in chosen:
                print(f"{name}: {net}  (المطلوب {hosts}، المتاح {usable(net)})")
            print("الباقي:", "، ".join(map(str, free)) or "لا شيء")
        else:
            for net in merge(a.networks):
                print(net)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
