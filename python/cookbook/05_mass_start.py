"""Start all guests with a tag, at most eight at once; one that fails does not keep the others back."""

import asyncio
from typing import Union

import proxmox_sdk as px
from connect import NODE, connect_async

TAG = "mass-start"


async def main() -> None:
    async with connect_async() as client:
        template = client.vm(9000, node=NODE)
        made: list[px.AsyncVm] = []
        try:
            for number in range(3):
                vm = (await template.clone(f"mass-{number}", full=True)).guest
                made.append(vm)
                await vm.tag(TAG)
            few = asyncio.Semaphore(8)

            async def start(row: px.Resource) -> Union[px.TaskReport, None]:
                async with few:
                    return await client.vm(row.vmid or 0, node=row.node or "").ensure("running")

            rows = [row for row in await client.guests() if TAG in row.tags]
            results = await asyncio.gather(*map(start, rows), return_exceptions=True)
            for row, result in zip(rows, results):
                print(row.name, "failed:" if isinstance(result, BaseException) else "started", result)
            assert len(rows) == 3 and not any(isinstance(result, BaseException) for result in results)
        finally:
            for vm in made:
                await vm.delete(stop_first=True)


asyncio.run(main())
