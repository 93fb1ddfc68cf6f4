"""How `make notebooks` executes and renders: pages that load nothing from anywhere, kernels on no network."""

import atexit
import shutil
import tempfile

c = get_config()  # noqa: F821
NOTHING = "data:text/javascript,"

# Sockets in a folder of their own: kernel and renderer have different working directories, and others run beside them.
SOCKETS = tempfile.mkdtemp(prefix="enrich-")
atexit.register(shutil.rmtree, SOCKETS, ignore_errors=True)
c.KernelManager.transport = "ipc"
c.KernelManager.ip = f"{SOCKETS}/kernel"
# A bound, not an expectation: on a busy machine a kernel takes its time.
c.ExecutePreprocessor.startup_timeout = 300
c.HTMLExporter.embed_images = True
c.HTMLExporter.require_js_url = NOTHING
c.HTMLExporter.jquery_url = NOTHING
c.HTMLExporter.mathjax_url = NOTHING
# A page has no kernel: what a widget says of itself in HTML comes first.
c.NbConvertBase.display_data_priority = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "text/latex",
    "text/plain",
    "application/vnd.jupyter.widget-view+json",
]
c.ExecutePreprocessor.store_widget_state = False
