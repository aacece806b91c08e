"""What a token lacks, and the line that grants it."""

import proxmox_sdk as px
from connect import NODE, connect

with connect() as client:
    try:
        client.vm(9000, node=NODE).config()
        print("this token may look at VM 9000")
    except px.PermissionDeniedError as error:
        assert error.missing_privilege is not None
        path, privilege = error.missing_privilege
        print(f"missing: {privilege} on {path}")
        print(f"pveum role add looks --privs {privilege}")
        print(f"pveum acl modify {path} --tokens 'ci@pve!token' --roles looks")
    report = px.preflight(client.vm(9000, node=NODE).clone, "privileges")
    for finding in report.findings:
        print(f"{finding.severity}: {finding.message}; {finding.remedy}")
