// An address that has moved leads to its new one: an anchor of this page, or the whole page.
{
  const { root, anchors, page } = document.currentScript.dataset;
  const target = JSON.parse(anchors)[location.hash] || (page && page + location.hash);
  if (target) location.replace(root + target);
}
